package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"andon/pipeline"
)

// configsOf reads the settings of topics: topic -> name -> value.
func configsOf(ctx context.Context, admin *kadm.Client, topics ...string) (map[string]map[string]string, error) {
	found, err := admin.DescribeTopicConfigs(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("read the topics' configuration: %w", err)
	}
	configs := map[string]map[string]string{}
	for _, topic := range topics {
		r, err := found.On(topic, nil)
		if err == nil {
			err = r.Err
		}
		if err != nil {
			return nil, fmt.Errorf("read the configuration of %s: %w", topic, err)
		}
		configs[topic] = map[string]string{}
		for _, kv := range r.Configs {
			configs[topic][kv.Key] = kv.MaybeValue()
		}
	}
	return configs, nil
}

// checkCompaction refuses a log whose records the broker thins out under the lanes. Exceptions may be: each record is the whole exception.
func checkCompaction(c Config, configs map[string]map[string]string) error {
	for _, topic := range slices.Concat(c.laneTopics(), c.orders(), []string{c.Verdicts(), c.Costs(), c.Journal(), c.DeadLetter()}) {
		if policy := configs[topic]["cleanup.policy"]; strings.Contains(policy, "compact") {
			return pipeline.Fail(pipeline.Refused, fmt.Errorf("%w: %s has cleanup.policy=%s: compaction removes what a lane must re-execute; set cleanup.policy=delete",
				ErrLayout, topic, policy))
		}
	}
	return nil
}
