package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"andon/pipeline/kafka"
	"andon/schemas/beat"
	tables "andon/schemas/clickhouse"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/identity"
	"andon/schemas/journal"
	"andon/schemas/verdict"

	"github.com/cespare/xxhash/v2"
	"github.com/twmb/franz-go/pkg/kgo"
)

// sums is a set of things by their number and the sum of their hashes, modulo 2^64.
type sums struct{ n, hash uint64 }

func (s *sums) add(name string) { s.n, s.hash = s.n+1, s.hash+xxhash.Sum64String(name) }

// revisions are what the topic of exceptions holds, as a read-committed reader finds it.
type revisions struct {
	all        sums // revisions, by id and number
	tombstones uint64
	twice      uint64 // revisions that stand there more than once
}

// auditor reads topics and tables after a run.
type auditor struct {
	*topicReader
	at     kafka.Config
	store  *store
	site   *site
	fails  []string
	loaded time.Time // when all rows were there
}

func newAuditor(at kafka.Config, s *store, of *site) (*auditor, error) {
	r, err := newTopicReader(at.Brokers)
	if err != nil {
		return nil, err
	}
	return &auditor{topicReader: r, at: at, store: s, site: of}, nil
}

// want notes what is not as it must be.
func (a *auditor) want(ok bool, format string, args ...any) {
	if !ok {
		a.fails = append(a.fails, fmt.Sprintf(format, args...))
	}
}

// judged waits until detection has committed the ends of its inputs.
func (a *auditor) judged(ctx context.Context, limit time.Duration) error {
	return a.site.await(ctx, "all events to be judged", limit, func() (bool, error) {
		behind, err := a.behind(ctx, a.at.Group(kafka.Detect), a.inputs()...)
		if err == nil && behind > 0 {
			err = fmt.Errorf("%d records are left", behind)
		}
		return err == nil, err
	})
}

func (a *auditor) inputs() (topics []string) {
	for _, f := range event.Families {
		topics = append(topics, a.at.Input(f))
	}
	return topics
}

// audit checks what was written against what was read, judged and loaded, and puts the counts into the values.
func (a *auditor) audit(ctx context.Context, m made, values map[string]float64) error {
	ids, contents, err := a.events(ctx)
	if err != nil {
		return err
	}
	values["events_sent_twice"] = float64(ids.n) - float64(m.Events) // the producer repeats what a broker that went away did not confirm
	a.want(ids.n >= uint64(m.Events), "%d events are on the topics, %d were written", ids.n, m.Events)
	a.want(ids.n > uint64(m.Events) || ids.hash == m.EventHash && contents.hash == m.Content, "the events on the topics are not those that were written")
	if err := a.conservation(ctx, int64(ids.n), values); err != nil {
		return err
	}
	exceptions, err := a.exceptions(ctx)
	if err != nil {
		return err
	}
	verdicts, err := a.placed(ctx, a.at.Verdicts(), verdictID)
	if err != nil {
		return err
	}
	costs, err := a.placed(ctx, a.at.Costs(), costID)
	if err != nil {
		return err
	}
	a.want(exceptions.twice == 0, "%d revisions of exceptions stand twice on the topic", exceptions.twice)
	all := []tableSums{
		{tables.Events, "event_hash", ids},
		{tables.Events, "content_hash", contents},
		{tables.Exceptions, "xxHash64(concat(exception_id, '/', toString(revision)))", exceptions.all},
		{tables.Verdicts, "xxHash64(concat(verdict_id, '/', toString(partition), '/', toString(offset)))", verdicts},
		{tables.Costs, "xxHash64(concat(cost_id, '/', toString(partition), '/', toString(offset)))", costs},
	}
	a.awaitRows(ctx, all)
	a.loaded = time.Now()
	for _, t := range all {
		if err := a.table(ctx, t); err != nil {
			return err
		}
	}
	values["exceptions"], values["exceptions_forgotten"], values["costs"] = float64(exceptions.all.n), float64(exceptions.tombstones), float64(costs.n)
	values["verdicts"] = float64(verdicts.n)
	a.want(verdicts.n > 0, "there are no verdicts: what is usual is in the settings, so contested rules must have raised something")
	warned, failed := a.site.warnings()
	values["log_warnings"], values["log_errors"] = float64(warned), float64(failed)
	return nil
}

// events sums what the input topics hold, without ticks: what each event is called and what it says. It reads as Andon does not: by encoding/json.
func (a *auditor) events(ctx context.Context) (ids, contents sums, err error) {
	for _, topic := range a.inputs() {
		err = errors.Join(err, a.read(ctx, topic, func(r *kgo.Record) error {
			if len(r.Key) == 0 { // a tick
				return nil
			}
			var e struct {
				ID string `json:"event_id"`
			}
			if err := json.Unmarshal(r.Value, &e); err != nil {
				return fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
			}
			ids.add(e.ID)
			contents.add(string(r.Value))
			return nil
		}))
	}
	return ids, contents, err
}

// conservation checks the account of the journal, which is exact whatever happened, and that of the metrics. A beat whose commit was not known to
// have succeeded when Kafka went away is restored, not counted: then the metrics lack it.
func (a *auditor) conservation(ctx context.Context, events int64, values map[string]float64) error {
	var c beat.Counts
	err := a.read(ctx, a.at.Journal(), func(r *kgo.Record) error {
		var entry journal.Entry
		if err := journal.Decode(r.Value, &entry); err != nil {
			return fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		c.Add(entry.Counts)
		return nil
	})
	if err != nil {
		return err
	}
	a.want(c.Read == events, "%d events are read, %d are on the topics", c.Read, events)
	a.want(c.Balanced(), "conservation: the journal says %+v", c)
	values["events_read"], values["events_done"], values["events_duplicate"] = float64(c.Read), float64(c.Done), float64(c.Duplicate)
	values["events_dead_lettered"], values["events_parked"], values["events_too_late"] = float64(c.DeadLettered), float64(c.Parked), float64(c.TooLate)
	v, err := a.site.metrics(ctx)
	if err != nil {
		return err
	}
	read, sum := v["andon_events_read_total"], 0.0
	for _, name := range []string{"done", "duplicate", "dead_lettered", "parked", "too_late"} {
		sum += v["andon_events_"+name+"_total"]
	}
	values["events_read_by_metrics"], values["events_restored"] = read, v["andon_restored_events_total"]
	values["entities_forgotten"], values["load_retries"] = v["andon_entities_forgotten_total"], v["andon_load_retries_total"]
	a.want(read == sum, "conservation: the metrics say %.0f events are read, %.0f accounted for", read, sum)
	a.want(read == float64(events) || values["events_restored"] > 0, "the metrics say %.0f events are read, %d are on the topics", read, events)
	return nil
}

// tableSums is what a table must give when its rows are summed by an expression.
type tableSums struct {
	table, by string
	want      sums
}

// awaitRows waits until the tables have as many rows as they must have; a loader that stands still is found by the checks.
func (a *auditor) awaitRows(ctx context.Context, all []tableSums) {
	err := a.site.await(ctx, "all rows to be loaded", 20*time.Minute, func() (bool, error) {
		for _, t := range all {
			var n uint64
			if err := a.store.conn.QueryRow(ctx, fmt.Sprintf("SELECT count() FROM %s.%s", tables.Database, t.table)).Scan(&n); err != nil {
				return false, err
			}
			if n < t.want.n {
				return false, fmt.Errorf("table %s has %d rows of %d", t.table, n, t.want.n)
			}
		}
		return true, nil
	})
	a.want(err == nil, "%v", err)
}

// exceptions sums the revisions on the topic.
func (a *auditor) exceptions(ctx context.Context) (s revisions, err error) {
	type revision struct {
		id exception.ID
		n  int32
	}
	known := map[revision]bool{}
	err = a.read(ctx, a.at.Exceptions(), func(r *kgo.Record) error {
		if r.Value == nil {
			s.tombstones++
			return nil
		}
		var x exception.Exception
		if err := exception.Decode(r.Value, &x); err != nil {
			return fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		if known[revision{x.ID, x.Revision}] {
			s.twice++
			return nil
		}
		known[revision{x.ID, x.Revision}] = true
		s.all.add(fmt.Sprintf("%s/%d", x.ID, x.Revision))
		return nil
	})
	return s, err
}

// placed sums the records of a topic, each by its id and where it lies.
func (a *auditor) placed(ctx context.Context, topic string, id func(value []byte) (identity.ID, error)) (s sums, err error) {
	err = a.read(ctx, topic, func(r *kgo.Record) error {
		id, err := id(r.Value)
		if err != nil {
			return fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		s.add(fmt.Sprintf("%s/%d/%d", id, r.Partition, r.Offset))
		return nil
	})
	return s, err
}

func costID(value []byte) (identity.ID, error) {
	var c cost.Cost
	err := cost.Decode(value, &c)
	return c.ID, err
}

func verdictID(value []byte) (identity.ID, error) {
	var v verdict.Verdict
	err := verdict.Decode(value, &v)
	return v.ID, err
}

// rows sums the rows of a table by an expression; final collapses what replaces one another first.
func (a *auditor) rows(ctx context.Context, table, by string, final bool) (s sums, err error) {
	query := fmt.Sprintf("SELECT count(), sum(%s) FROM %s.%s", by, tables.Database, table)
	if final {
		query += " FINAL"
	}
	if err := a.store.conn.QueryRow(ctx, query).Scan(&s.n, &s.hash); err != nil {
		return s, fmt.Errorf("sum of table %s: %w", table, err)
	}
	return s, nil
}

// table checks that each of a set is a row exactly once. Rows sent twice under another token are equal and collapse; then the table as it is
// read (FINAL) counts.
func (a *auditor) table(ctx context.Context, t tableSums) error {
	got, err := a.rows(ctx, t.table, t.by, false)
	if err == nil && got != t.want {
		got, err = a.rows(ctx, t.table, t.by, true)
	}
	a.want(got == t.want, "table %s by %s: %d rows with sum %016x, want %d with %016x", t.table, t.by, got.n, got.hash, t.want.n, t.want.hash)
	return err
}

// verdict is nil when all is as it must be.
func (a *auditor) verdict() error {
	if len(a.fails) == 0 {
		return nil
	}
	return fmt.Errorf("%d checks failed: %s", len(a.fails), strings.Join(a.fails, "; "))
}
