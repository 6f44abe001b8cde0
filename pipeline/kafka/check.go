package kafka

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kadm"

	"andon/schemas/event"
)

// Check reports whether the cluster answers, is new enough, has the topics as Apply lays them out, and lets this process detect. It changes
// nothing and waits for no transaction. The error says what to do.
func Check(ctx context.Context, c Config, log *slog.Logger) error {
	cl, err := connect(ctx, c, log)
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := checkTransactions(ctx, cl); err != nil {
		return err
	}
	m := &Member{Config: c, cl: cl, log: log, parts: map[event.Family]int{}}
	return m.layout(ctx)
}

// CheckLoad reports likewise whether JoinLoad would begin. It joins nothing.
func CheckLoad(ctx context.Context, c Config, group string, topics []string, log *slog.Logger) error {
	cl, err := connect(ctx, c, log)
	if err != nil {
		return err
	}
	defer cl.Close()
	l := &LoadLog{Config: c, group: c.Group(group), cl: cl, log: log, names: map[kadm.TopicID]string{}}
	return l.layout(ctx, topics)
}
