package kafka

import (
	"context"
	"log/slog"

	"andon/schemas/event"
)

// Check reports whether the cluster answers, is new enough, and has the topics as Apply lays them out. It changes nothing and waits for no
// transaction. The error says what to do.
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
