package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"andon/cmd/andon-bench/figure"
	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/pipeline/kafka"
	"andon/replay"
	"andon/replay/history"
	"andon/replay/simulate"
	tables "andon/schemas/clickhouse"
	"andon/schemas/event"

	"github.com/goccy/go-yaml"
	"github.com/twmb/franz-go/pkg/kgo"
)

// chaosRun is one seed: topics and a database of its own.
type chaosRun struct {
	*chaos
	seed   uint64
	row    *figure.Row
	random *rand.Rand
	killed map[string]int64 // in the runs before, by point

	cfg    config.Config // of every process, but for its name
	at     kafka.Config
	charge *charge // nil without models
	topics *topicReader
	fleet  []*process // those that run, or ran last, one for each name

	mu       sync.Mutex // the processes' keepers share what follows
	plan     []target
	kills    map[string]int64
	recovery []float64 // ms
	progress chan struct{}

	wrong []string // what is not as it must be
}

// lay lays out topics and tables.
func (x *chaosRun) lay(ctx context.Context, form string) (err error) {
	name := fmt.Sprintf("chaos_%s_%d", form, x.seed)
	x.kills, x.progress = map[string]int64{}, make(chan struct{}, 1)
	x.cfg = config.Default()
	x.cfg.Roles = []string{config.RoleDetect, config.RoleLoad}
	x.cfg.Kafka.Brokers, x.cfg.Kafka.ReplicationFactor, x.cfg.Kafka.Partitions = []string{x.kafka.Addr()}, 1, replay.Partitions
	x.cfg.Kafka.InputPrefix, x.cfg.Kafka.OwnPrefix = name+".in.", name+".own."
	x.cfg.ClickHouse.Addr, x.cfg.ClickHouse.Database = x.store.Addr(), name
	x.cfg.Beat = config.Beat{LingerMS: 20, RecordsMax: 1000} // many beats, and many blocks: there is something to interrupt
	x.cfg.Load = config.Load{FlushMS: 100, RowsMax: 2000}
	x.cfg.HTTP.Addr, x.cfg.Settings = "127.0.0.1:0", logSettings()
	if form == figure.Paused {
		x.cfg.Settings.Clock = setting.Wall
		x.cfg.Settings.Rules = map[string]map[string]int64{brokenCode: {"grace_s": 0}}
	} else {
		x.cfg.Models.Dir = x.models()
		if x.cfg.Settings.Reference, err = usually(); err != nil {
			return err
		}
	}
	x.at = kafka.Config{Brokers: x.cfg.Kafka.Brokers, Instance: name, InputPrefix: x.cfg.Kafka.InputPrefix, OwnPrefix: x.cfg.Kafka.OwnPrefix}
	if x.topics, err = newTopicReader(x.at.Brokers); err != nil {
		return err
	}
	for _, args := range [][]string{{"topics", "apply"}, {"migrate"}} {
		if _, err := x.tool(ctx, args...); err != nil {
			return err
		}
	}
	if err := x.unmerged(ctx); err != nil || form == figure.Paused {
		return err
	}
	return x.putInCharge(ctx)
}

// unmerged keeps ClickHouse from merging the parts that inserts make: a row that was written twice would soon be one, and nobody would know.
func (x *chaosRun) unmerged(ctx context.Context) error {
	for _, table := range tables.Loaded {
		name := x.cfg.ClickHouse.Database + "." + table
		for _, query := range []string{
			"ALTER TABLE " + name + " MODIFY SETTING parts_to_delay_insert = 1000000, parts_to_throw_insert = 1000000",
			"SYSTEM STOP MERGES " + name,
		} {
			if err := x.store.conn.Exec(ctx, query); err != nil {
				return fmt.Errorf("table %s: %w", name, err)
			}
		}
	}
	return nil
}

// file writes the configuration of a process.
func (x *chaosRun) file(instance string) (string, error) {
	cfg := x.cfg
	cfg.Instance = x.instance(instance)
	text, err := yaml.Marshal(cfg)
	if err != nil {
		return "", fmt.Errorf("configuration: %w", err)
	}
	path := filepath.Join(x.dir, cfg.Instance+".yaml")
	return path, os.WriteFile(path, text, 0o600)
}

// instance is the name of a process in the deployment.
func (x *chaosRun) instance(name string) string { return fmt.Sprintf("%s-%d", name, x.seed) }

// end ends what runs and frees the disk. Without a verdict nothing of it matters.
func (x *chaosRun) end() {
	for _, p := range x.fleet {
		if p != nil {
			p.end()
		}
	}
	if x.topics == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	names := append(x.inputs(), x.at.Exceptions(), x.at.Verdicts(), x.at.Costs(), x.at.Decisions(), x.at.Control(), x.at.Journal(), x.at.Snapshots(), x.at.DeadLetter())
	for _, f := range event.Families {
		names = append(names, x.at.Side(f))
	}
	if _, err := x.topics.admin.DeleteTopics(ctx, names...); err != nil {
		say("topics of seed %d stay: %v", x.seed, err)
	}
	if err := x.store.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+x.cfg.ClickHouse.Database); err != nil {
		say("tables of seed %d stay: %v", x.seed, err)
	}
	x.topics.close()
}

func (x *chaosRun) inputs() (topics []string) {
	for _, f := range event.Families {
		topics = append(topics, x.at.Input(f))
	}
	return topics
}

// day is the history of the seed. Kafka keeps a record's time in milliseconds, so the run in memory gets no finer one.
func (x *chaosRun) day() []history.Record {
	told, _ := simulate.Day(simulate.Config{Seed: x.seed, Orders: x.Orders, Start: firstDay})
	records := slices.Collect(history.Ticked(told, replay.Partitions, tickStep, history.SimulateLateness))
	for i := range records {
		records[i].At -= records[i].At % 1000
	}
	return records
}

// publish writes records piece by piece, by an idempotent producer. The next piece goes when somebody died, or after a while: so there is work as long
// as there is killing. Between some pieces the models in charge change.
func (x *chaosRun) publish(ctx context.Context, records []history.Record, pieces int) error {
	n := 0
	for piece := range slices.Chunk(records, max(len(records)/pieces, 1)) {
		if err := x.write(ctx, piece); err != nil {
			return err
		}
		if n++; n%changeEvery == 0 {
			if err := x.charge.change(ctx); err != nil {
				return err
			}
		}
		select {
		case <-x.progress:
		case <-time.After(pieceWait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// changeEvery is how many pieces of history come between two changes of the models in charge.
const changeEvery = 3

// pieceWait is how long a piece of history may keep the processes busy without one of them dying.
const pieceWait = 1500 * time.Millisecond

func (x *chaosRun) write(ctx context.Context, records []history.Record) error {
	batch := make([]*kgo.Record, len(records))
	for i := range records {
		r := &records[i]
		batch[i] = &kgo.Record{Topic: x.at.Input(r.Family), Partition: r.On(replay.Partitions), Value: r.Value, Timestamp: r.At.UTC()}
		if r.Key != "" {
			batch[i].Key = []byte(r.Key)
		}
	}
	return x.topics.cl.ProduceSync(ctx, batch...).FirstErr()
}

// judged waits until all that is written is judged.
func (x *chaosRun) judged(ctx context.Context) error {
	return await(ctx, "all events to be judged", func() bool {
		behind, err := x.topics.behind(ctx, x.at.Group(kafka.Detect), x.inputs()...)
		return err == nil && behind == 0
	})
}

// settle waits until all is judged, no timer is armed and no process is down.
func (x *chaosRun) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	wall := x.cfg.Settings.Clock == setting.Wall // then timers stay armed
	for again := time.NewTicker(100 * time.Millisecond); ; {
		behind, err := x.topics.behind(ctx, x.at.Group(kafka.Detect), x.inputs()...)
		timers := 0.0
		for _, p := range x.fleet {
			if p.over() {
				return fmt.Errorf("%s ended by itself: %s", p.name, p.lastWords())
			}
			timers += p.timers(ctx)
		}
		if err == nil && behind == 0 && (timers == 0 || wall) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("not all is judged after %s: %d records and %.0f timers are left", settleLimit, behind, timers), err)
		case <-again.C:
		}
	}
}

// settleLimit is how long the processes may take for what is left when nobody disturbs them.
const settleLimit = 3 * time.Minute
