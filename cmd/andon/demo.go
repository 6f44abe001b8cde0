package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/internal/embedded"
	"andon/pipeline/clickhouse"
	"andon/replay"
	"andon/replay/baseline"
	"andon/replay/simulate"
	"andon/schemas/event"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
)

// demoCmd is `andon demo`.
type demoCmd struct {
	Once bool `help:"Exit when the day is over, instead of staying up for questions."`
}

// Help is shown by --help.
func (demoCmd) Help() string {
	return `Starts a broker inside this process and a ClickHouse beside it, lays out topics and tables, and sends a made-up day of a
warehouse through the real line at speed: events to exceptions in Kafka, both into ClickHouse. Then it shows what to ask, and
stays up for it until Ctrl-C. All of it lives in a temporary directory that is removed at the end.

The engines come with make engines (make demo does it by itself).`
}

// demoDay is the day of the demo: the same each time, two weeks ago, so that its last parcels have arrived and no table lets go of it for its age.
func demoDay() simulate.Config {
	const day = 24 * time.Hour
	return simulate.Config{Seed: 1, Orders: 20_000, Start: event.At(time.Now().Truncate(day).Add(-14 * day))}
}

// Run shows the day.
func (c demoCmd) Run(ctx context.Context) (err error) {
	begin := time.Now()
	dir, err := os.MkdirTemp("", "andon-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	fmt.Println("starting Kafka (in this process) and ClickHouse (beside it)")
	broker, err := embedded.StartFakeKafka(filepath.Join(dir, "kafka"))
	if err != nil {
		return err
	}
	defer broker.Stop()
	server, err := embedded.StartClickHouse(ctx, filepath.Join(dir, "clickhouse"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()

	d := demo{cfg: demoConfig(broker.Addr(), server.Addr()), metrics: prometheus.NewRegistry(), screen: newScreen(os.Stdout), day: demoDay()}
	if d.cfg.Settings.Reference, err = baseline.Simulated(); err != nil {
		return err
	}
	if d.conn, err = reachClickHouse(ctx, d.cfg.ClickHouse); err != nil {
		return err
	}
	defer d.conn.Close()
	err = d.play(ctx, filepath.Join(dir, "andon.log"), func() error {
		fmt.Printf("\nThe day is over; this took %.0f s.\n", time.Since(begin).Seconds())
		if c.Once {
			return nil
		}
		file := filepath.Join(dir, "andon.yaml")
		if err := writeDemoConfig(file, d.cfg); err != nil {
			return err
		}
		fmt.Print(invitation(server, file))
		<-ctx.Done()
		return nil
	})
	if errors.Is(err, context.Canceled) {
		return nil // Ctrl-C is the way out
	}
	return err
}

// writeDemoConfig writes the demo's configuration for the commands that look at what it left in Kafka.
func writeDemoConfig(path string, cfg config.Config) error {
	text, err := yaml.Marshal(cfg)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600) // dying here: what is there goes with the directory
}

// invitation says what can be asked, and how.
func invitation(server *embedded.ClickHouse, file string) string {
	return fmt.Sprintf(`
Now ask. ClickHouse answers on http://%[1]s and, native protocol, on %[2]s (database andon, user default, no password):

  curl %[1]s --data-binary "SELECT code, state, count() FROM andon.exceptions_current GROUP BY ALL ORDER BY ALL FORMAT PrettyCompact"

  curl %[1]s --data-binary "SELECT code, subject, opened_at, reasons FROM andon.exceptions_current
    WHERE state = 'open' ORDER BY opened_at LIMIT 10 FORMAT PrettyCompact"

  curl %[1]s --data-binary "SELECT x.subject, x.item, e.event_time, e.type, e.event_id FROM andon.exceptions_current AS x
    INNER JOIN andon.events_current AS e ON e.subject = x.subject WHERE x.code = 'IN-05' AND has(x.evidence, e.event_hash)
    ORDER BY x.subject, x.item, e.event_time LIMIT 10 FORMAT PrettyCompact"

docs/guides/query.md has more. And have it proved, from another terminal:

  andon verify --config %[3]s
  andon explain EXCEPTION_ID --config %[3]s

Everything is up until Ctrl-C, which removes it.
`, server.HTTPAddr(), server.Addr(), file)
}

func demoConfig(kafka, clickHouse string) config.Config {
	cfg := config.Default()
	cfg.Instance = "demo"
	cfg.Kafka.Brokers, cfg.Kafka.ReplicationFactor, cfg.Kafka.Partitions = []string{kafka}, 1, 2
	cfg.ClickHouse.Addr = clickHouse
	cfg.Load.FlushMS = 500 // the table moves
	cfg.HTTP.Addr = "127.0.0.1:0"
	cfg.Settings.Clock = setting.Log
	return cfg
}

// demo is one day through the line.
type demo struct {
	cfg     config.Config
	conn    driver.Conn
	metrics *prometheus.Registry
	screen  *screen
	day     simulate.Config
}

// play lays everything out, runs the line, sends the day through it, and keeps the line up during what comes after.
func (d *demo) play(ctx context.Context, logPath string, after func() error) error {
	logFile, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer logFile.Close()
	log := slog.New(slog.NewTextHandler(logFile, nil))
	if err := d.layOut(ctx, log); err != nil {
		return err
	}
	d.cfg.Models.Dir = filepath.Dir(logPath)
	if err := d.putInCharge(ctx, d.cfg.Models.Dir, log); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	done := make(chan error, 1)
	go func() {
		err := work(ctx, d.cfg, log, d.metrics, func(string) {})
		stop(err)
		done <- err
	}()
	if err = d.send(ctx); err == nil {
		err = after()
	}
	stop(nil)
	if ended := <-done; !errors.Is(err, ended) { // else it is what ended send, said already
		err = errors.Join(err, ended)
	}
	return err
}

func (d *demo) layOut(ctx context.Context, log *slog.Logger) error {
	if _, err := applyTopics(ctx, d.cfg, log); err != nil {
		return err
	}
	db, err := clickhouse.New(ctx, d.conn, d.cfg.ClickHouse.Database)
	if err != nil {
		return err
	}
	_, err = db.Migrate(ctx)
	return err
}

// send writes the day and draws what comes of it until all of it is in ClickHouse.
func (d *demo) send(ctx context.Context) error {
	day := simulated(d.day)
	fmt.Printf("a day of %s orders: %s events\n\n", thousands(d.day.Orders), thousands(day.total))
	written := make(chan error, 1)
	go func() { written <- day.write(ctx, d.cfg.Kafka, func(int) {}) }()

	bar := newProgress(os.Stdout, "events judged", day.total)
	often := time.NewTicker(250 * time.Millisecond)
	defer often.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-written:
			if err != nil {
				return err
			}
			written = nil
		case <-often.C:
		}
		over, lines, err := d.state(ctx, bar)
		if err != nil {
			return err
		}
		if over && written == nil {
			d.screen.last(lines...)
			return d.compare(ctx)
		}
		if d.screen.terminal {
			d.screen.draw(lines...)
		}
	}
}

// state is what to draw, and whether all events are judged, all timers have fired, and all that came of it is in ClickHouse.
func (d *demo) state(ctx context.Context, bar *progress) (over bool, lines []string, err error) {
	judged, timers, revisions := d.sum("andon_events_read_total"), d.sum("andon_timers"), d.sum("andon_exceptions_total")
	var events, rows uint64
	const counts = "SELECT (SELECT count() FROM andon.events), (SELECT count() FROM andon.exceptions FINAL)"
	if err := d.conn.QueryRow(ctx, counts).Scan(&events, &rows); err != nil {
		return false, nil, fmt.Errorf("count rows: %w", err)
	}
	all, err := tallies(ctx, d.conn) // after the counts: when those are complete, so is the table
	if err != nil {
		return false, nil, err
	}
	if !d.screen.terminal {
		bar.at(judged)
	}
	lines = append([]string{bar.line(judged), fmt.Sprintf("rows in ClickHouse: %s events, %s exception revisions", thousands(int(events)), thousands(int(rows))), ""},
		table(all)...)
	return judged == bar.total && timers == 0 && int(events) >= bar.total && int(rows) == revisions, lines, nil
}

// compare shows what was found of what the day hides, as ClickHouse has it.
func (d *demo) compare(ctx context.Context) error {
	found, err := claimed(ctx, d.conn)
	if err != nil {
		return err
	}
	_, labels := simulate.Day(d.day)
	fmt.Println("\nAgainst what really went wrong that day:")
	fmt.Println()
	for _, line := range scoreTable(replay.Compare(replay.Truth(labels), slices.Values(found))) {
		fmt.Println(line)
	}
	return nil
}

// sum is a metric summed over its labels.
func (d *demo) sum(name string) (total int) {
	families, err := d.metrics.Gather()
	if err != nil {
		panic(err) // a metric contradicts itself
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			total += int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
		}
	}
	return total
}
