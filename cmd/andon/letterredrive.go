package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"andon/pipeline/kafka"
	"andon/schemas/event"
)

// letterRedriveCmd is `andon deadletter redrive`.
type letterRedriveCmd struct {
	configured
	letterFilter
	DryRun bool          `help:"Say what would be sent, and send nothing."`
	Again  bool          `help:"Send also what was sent before and has not come back."`
	Wait   time.Duration `default:"30s" placeholder:"30s" help:"How long to wait until it is judged, to say what came back; 0 is not at all."`
}

// Help is shown by --help.
func (letterRedriveCmd) Help() string {
	return `Sends the records of dead letters to their lanes again, as they were: key, bytes, place and time of arrival. For what a mended build or setting
can judge now: without filters all that waits, else what the filters let through. The running andon run judges them; late facts revise what was
said without them.

  andon deadletter list --config andon.yaml --reason rule_panic --since 24h
  andon deadletter redrive --config andon.yaml --reason rule_panic --since 24h --dry-run
  andon deadletter redrive --config andon.yaml --reason rule_panic --since 24h
  andon deadletter redrive --config andon.yaml fulfillment.carrier/3/1800-1900

What was sent is not sent twice, also when this was killed on the way: run it again, and it goes on. What still cannot be judged comes back: the same
letter, with one more in "sent again". An event that only its sender can mend (wrong_key, missing_field, ...) comes back each time: have it sent again
with the same event_id. Timers, batches that could not be read, and records over 256 KiB are not kept whole and cannot be sent; it says so of each.`
}

// Run sends the letters.
func (c letterRedriveCmd) Run(ctx context.Context) error {
	cfg, err := c.read()
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	at := kafkaConfig(cfg)
	if c.DryRun {
		p, err := c.plan(ctx, at)
		if err != nil {
			return err
		}
		return p.dryRun()
	}
	r, err := kafka.NewRedriver(ctx, at, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer r.Close()
	p, err := c.plan(ctx, at) // read only now: nobody else sends from here on
	if err != nil {
		return err
	}
	if err := p.send(ctx, at, c.Since, r); err != nil {
		return oneLine(err)
	}
	p.tellNotSent()
	switch {
	case len(p.sent) > 0:
		return c.watch(ctx, at, r, p)
	case p.away == 0 && len(p.refused) > 0:
		return errors.New("nothing was sent")
	}
	fmt.Println("nothing was sent")
	return nil
}

// Bounds of one transaction.
const (
	redriveLetters = 500
	redriveBytes   = 4 << 20
)

// send sends what is planned, transaction by transaction. Dying between two: those sent are marked, and the next run goes on behind them.
func (p *redrivePlan) send(ctx context.Context, at kafka.Config, since when, r *kafka.Redriver) error {
	if len(p.attempts) == 0 {
		return nil
	}
	told := newProgress(os.Stdout, "sending again", len(p.attempts))
	var batch []kafka.Redrive
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := r.Send(ctx, batch); err != nil {
			return fmt.Errorf("%d sent before: %w", len(p.sent), err)
		}
		for i := range batch {
			p.sent[batch[i].Name] = batch[i].Attempt
		}
		batch, size = batch[:0], 0
		told.at(len(p.sent))
		return nil
	}
	for l, err := range kafka.Letters(ctx, at, slog.New(slog.DiscardHandler), kafka.AllPartitions, since.Micros) {
		if err != nil {
			return fmt.Errorf("read the dead letters: %w", err)
		}
		attempt, planned := p.attempts[l.Name]
		if !planned || !p.latest(&l) {
			continue
		}
		delete(p.attempts, l.Name)
		batch = append(batch, kafka.Redrive{Letter: l, Attempt: attempt})
		if size += len(l.Raw); len(batch) == redriveLetters || size >= redriveBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	told.done()
	return nil
}

// watch waits until what was sent is judged, and says what came back.
func (c letterRedriveCmd) watch(ctx context.Context, at kafka.Config, r *kafka.Redriver, p *redrivePlan) error {
	judged, err := c.judged(ctx, r)
	if err != nil {
		return oneLine(err)
	}
	if !judged {
		fmt.Println("not judged yet: does andon run run? andon deadletter list shows what comes back")
		return nil
	}
	back := letterTable{stories: stories{}, limit: dryRunRows, reasons: map[event.Reason]int{}}
	err = eachLetter(ctx, at, c.Since, func(l *kafka.Letter) {
		back.stories.add(l)
		if n, ours := p.sent[l.Name]; ours && !l.Redriven && l.Redrives == n {
			back.add(l)
		}
	})
	if err != nil {
		return err
	}
	n := total(back.reasons)
	fmt.Printf("judged: %s came back, %s did not\n", thousands(n), thousands(len(p.sent)-n))
	if n == 0 {
		return nil
	}
	fmt.Println()
	return back.print()
}

// judged waits for it.
func (c letterRedriveCmd) judged(ctx context.Context, r *kafka.Redriver) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, nil
		case <-again.C:
		}
		if judged, err := r.Judged(ctx); judged || err != nil && ctx.Err() == nil {
			return judged, err
		}
	}
}
