package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/pipeline/kafka"
)

// topicsCmd is `andon topics`.
type topicsCmd struct {
	Apply applyCmd `cmd:"" help:"Create the topics, first offsets and first journal entries that are missing."`
}

// applyCmd is `andon topics apply`.
type applyCmd struct{ configured }

// Help is shown by --help.
func (applyCmd) Help() string {
	return `Creates what is missing with the settings it needs, leaves alone what is right, warns about what endangers the promises, and
refuses what contradicts the journal: a changed number of partitions, a topic that was deleted and created again. May run
again at any time.`
}

// Run applies the layout and says what it did.
func (c applyCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	lines, err := applyTopics(ctx, cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	for _, line := range lines {
		fmt.Println(line)
	}
	return err
}

func applyTopics(ctx context.Context, cfg config.Config, log *slog.Logger) ([]string, error) {
	layout := kafka.Layout{
		Partitions: cfg.Kafka.Partitions, ReplicationFactor: cfg.Kafka.ReplicationFactor, History: cfg.Settings.Clock == setting.Log,
	}
	return kafka.Apply(ctx, kafkaConfig(cfg), layout, log)
}
