package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"andon/cmd/andon-bench/figure"
	"andon/internal/embedded"
)

// enduranceCmd runs the program for long.
type enduranceCmd struct {
	Minutes float64       `default:"30" help:"How long events come."`
	Outage  time.Duration `placeholder:"TIME" help:"How long ClickHouse is away; a sixth of the run by default. It begins at three tenths."`
	Rate    float64       `placeholder:"EVENTS" help:"Events a second; by default --load of what the last andon-bench line gave for detection with loading on Kafka."`
	Load    float64       `default:"0.7" help:"Part of what the line takes."`
	Days    int           `default:"150" help:"Simulated days the run goes through; timelines end after ten days of silence or more."`
	Andon   string        `default:"bin/andon" help:"The program (make build)."`
	Dir     string        `placeholder:"DIR" help:"Where engines keep their data; a temporary folder by default. It is removed at the end."`
	Keep    bool          `help:"Leave the data there."`
}

// Help is shown by --help.
func (enduranceCmd) Help() string {
	return `Real Kafka and ClickHouse, bin/andon run with both roles, and a producer of simulated days at a steady pace. A sixth through, Kafka is stopped
and started again on its data; at three tenths ClickHouse is stopped for a while. When the events have ended and all of it has come through, it checks:

  conservation   events read = written, and = done + duplicate + dead-lettered + parked + too late
  events         each record written is a row once: count, sum of hashes of the ids and of the contents
  exceptions     no revision stands twice on the topic, and each is a row once
  costs          each record of the topic is a row once
  verdicts       likewise
  memory         the program's grows by less than a tenth over the second half (runs of ten minutes and more)

A failed check is an error; the figures are kept either way.`
}

// flatPercent is by how much memory may grow over the second half, flatMinutes from which length of a run on that is asked, and storeStops when
// ClickHouse goes away: after a sixth of the run, as long as it is away by default, the second half has not begun.
const (
	storeStops  = 3 // tenths of the run
	flatPercent = 10
	flatMinutes = 10
)

// Run runs it.
func (c enduranceCmd) Run(ctx context.Context, b *bench) (err error) {
	if c.Rate == 0 {
		if c.Rate, err = b.share(realKafka+figure.Whole, c.Load); err != nil {
			return err
		}
	}
	if c.Outage == 0 {
		c.Outage = c.length() / 6
	}
	dir, err := os.MkdirTemp(c.Dir, "andon-endurance-")
	if err != nil {
		return err
	}
	if c.Keep {
		say("data and logs: %s", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if err := c.room(dir); err != nil {
		return err
	}
	e := &endurance{enduranceCmd: c, bench: b, dir: dir}
	if err := e.start(ctx); err != nil {
		return errors.Join(err, e.stop())
	}
	err = e.measure(ctx)
	if err != nil && e.site != nil {
		say("the end of andon's log: %s", e.site.lastWords())
	}
	return errors.Join(err, e.stop())
}

func (c enduranceCmd) length() time.Duration { return time.Duration(c.Minutes * float64(time.Minute)) }

// eventBytes is what an event takes on disk in the end, in the log, as rows and while rows are merged; a cautious figure.
const eventBytes = 400

// room refuses a run that would fill the disk.
func (c enduranceCmd) room(dir string) error {
	free, err := freeBytes(dir)
	if err != nil {
		return err
	}
	if need := int64(c.Rate*c.length().Seconds())*eventBytes + 2<<30; free < need {
		return fmt.Errorf("the run needs about %d GB in %s and %d are free: choose another --dir, or a lower --rate", need>>30, dir, free>>30)
	}
	return nil
}

// endurance is one run.
type endurance struct {
	enduranceCmd
	*bench
	dir   string
	kafka *embedded.Kafka
	store *store
	site  *site

	began  time.Time
	memory series

	// What breakThings tells the others.
	brokerPID, storePID atomic.Int64
	away                time.Duration // Kafka was
}

// start starts engines and program.
func (e *endurance) start(ctx context.Context) (err error) {
	if e.kafka, err = embedded.StartKafka(ctx, filepath.Join(e.dir, "kafka")); err != nil {
		return err
	}
	if e.store, err = startStore(ctx, filepath.Join(e.dir, "clickhouse")); err != nil {
		return err
	}
	e.brokerPID.Store(int64(e.kafka.PID()))
	e.storePID.Store(int64(e.store.PID()))
	e.site, err = newSite(ctx, e.Andon, e.dir, e.kafka.Addr(), e.store.Addr())
	return err
}

// stop stops what runs.
func (e *endurance) stop() error {
	var errs []error
	if e.site != nil {
		errs = append(errs, e.site.stop())
	}
	if e.store != nil {
		errs = append(errs, e.store.close())
	}
	if e.kafka != nil {
		errs = append(errs, e.kafka.Stop())
	}
	return errors.Join(errs...)
}

// measure feeds, breaks, waits and checks.
func (e *endurance) measure(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	orders := int(e.Rate*e.length().Seconds()/float64(e.Days)/20) + 1
	feed, err := startSelf(ctx, "live", "--addr", e.kafka.Addr(), "--rate", fmt.Sprint(e.Rate), "--for", e.length().String(), "--orders", fmt.Sprint(orders),
		"--seed", fmt.Sprint(e.Head.Seed))
	if err != nil {
		return err
	}
	say("%.0f events/s for %s: %d days of %d orders", e.Rate, e.length(), e.Days, orders)
	if _, err := feed.line(); err != nil { // it is ready
		return err
	}
	r := e.Begin("endurance", "endurance")
	e.began = time.Now()
	fed := make(chan error, 1)
	var m made
	go func() {
		said, err := feed.line()
		if err == nil {
			err = errors.Join(json.Unmarshal([]byte(said), &m), feed.end())
		}
		fed <- err
	}()
	if err := e.course(ctx, fed); err != nil {
		return err
	}
	say("all %d events are written after %s; waiting for what comes of them", m.Events, time.Since(e.began).Round(time.Second))
	written := time.Now()
	a, err := newAuditor(liveTopics(e.kafka.Addr()), e.store, e.site)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.judged(ctx, e.length()+2*time.Minute); err != nil {
		return err
	}
	judged := time.Now()
	r.Values["events"], r.Values["events_per_s"], r.Values["minutes"] = float64(m.Events), e.Rate, e.Minutes
	r.Values["simulated_days"], r.Values["orders_per_day"] = float64(e.Days), float64(orders)
	r.Values["clickhouse_away_s"], r.Values["kafka_away_s"] = e.Outage.Seconds(), e.away.Seconds()
	r.Values["producer_busy_cores"] = m.CPUs / e.length().Seconds()
	r.Values["producer_behind_s"], r.Values["judged_after_s"] = m.BehindMS/1000, judged.Sub(written).Seconds()
	e.memory.put(r.Values)
	if err := a.audit(ctx, m, r.Values); err != nil {
		return err
	}
	r.Values["loaded_after_s"] = a.loaded.Sub(written).Seconds()
	growth := r.Values["andon_rss_growth_percent"]
	a.want(e.Minutes < flatMinutes || growth < flatPercent, "memory grew by %.1f %% over the second half", growth)
	r.Values["failed_checks"] = float64(len(a.fails))
	if err := e.record(r); err != nil {
		return err
	}
	fmt.Print(figure.Down(*r))
	return a.verdict()
}

// course watches memory until the feeder is done and all that was broken works again.
func (e *endurance) course(ctx context.Context, fed <-chan error) error {
	mended := make(chan error, 1)
	go func() { mended <- e.breakThings(ctx) }()
	tick := time.NewTicker(max(e.length()/360, 100*time.Millisecond))
	defer tick.Stop()
	for left := 2; left > 0; {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.site.done:
			return fmt.Errorf("andon ended: %s", e.site.lastWords())
		case err = <-fed:
			left--
		case err = <-mended:
			left--
		case <-tick.C:
			err = e.observe(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// breakThings restarts Kafka a sixth through and takes ClickHouse away at three tenths.
func (e *endurance) breakThings(ctx context.Context) error {
	wait := func(at time.Duration) error { return sleepUntil(ctx, e.began.Add(at)) }
	if err := wait(e.length() / 6); err != nil {
		return err
	}
	say("%s: Kafka is stopped and started again", e.since())
	stopped := time.Now()
	if err := e.kafka.Restart(ctx); err != nil {
		return err
	}
	e.away = time.Since(stopped)
	e.brokerPID.Store(int64(e.kafka.PID()))
	if err := wait(e.length() * storeStops / 10); err != nil {
		return err
	}
	say("%s: Kafka was away for %s; ClickHouse is stopped for %s", e.since(), e.away.Round(time.Second), e.Outage)
	if err := e.store.Stop(); err != nil {
		return err
	}
	if err := wait(e.length()*storeStops/10 + e.Outage); err != nil {
		return err
	}
	say("%s: ClickHouse is started again", e.since())
	if err := e.store.Restart(ctx); err != nil {
		return err
	}
	e.storePID.Store(int64(e.store.PID()))
	return nil
}

func (e *endurance) since() time.Duration { return time.Since(e.began).Round(time.Second) }

// observe takes a sample.
func (e *endurance) observe(ctx context.Context) error {
	s := sample{after: time.Since(e.began)}
	s.andon = residentMB(e.site.cmd.Process.Pid)
	s.broker, s.store = residentMB(int(e.brokerPID.Load())), residentMB(int(e.storePID.Load()))
	values, err := e.site.metrics(ctx)
	if err != nil {
		return err
	}
	s.entities = values["andon_entities"]
	if e.memory = append(e.memory, s); len(e.memory)%30 == 0 {
		say("%s: %.0f events read, %.0f behind, %.0f rows; %.0f entities, %.0f exceptions open; andon %.0f MB, Kafka %.0f, ClickHouse %.0f", e.since(),
			values["andon_events_read_total"], values["andon_lane_lag_records"], values["andon_load_rows_total"], s.entities, values["andon_exceptions_open"], s.andon, s.broker, s.store)
	}
	return nil
}
