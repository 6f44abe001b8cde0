package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"andon/cmd/andon-bench/figure"
	"andon/pipeline/mem"
	"andon/replay"
	"andon/replay/history"
	"andon/schemas/beat"
	tables "andon/schemas/clickhouse"
	"andon/schemas/cost"
	"andon/schemas/exception"
	"andon/schemas/journal"
	judgement "andon/schemas/verdict"

	"github.com/twmb/franz-go/pkg/kgo"
)

// outputs are what a history brings about, each by how often.
type outputs struct {
	revisions  map[string]int    // id/revision
	records    map[string]int    // id/revision and the whole record
	tombstones map[string]int    // id
	costs      map[string]int    // the whole record
	latest     map[string]string // cost id -> its last record
	judgements map[string]int    // less what a model made of each
	events     int64             // without ticks

	governed []string // codes that models may decide; their exceptions are not among the above
	byModels byModels
}

func newOutputs(governed []string) *outputs {
	return &outputs{revisions: map[string]int{}, records: map[string]int{}, tombstones: map[string]int{}, costs: map[string]int{}, latest: map[string]string{},
		judgements: map[string]int{}, governed: governed, byModels: byModels{}}
}

// expected is what the history brings about when nothing disturbs it: by the engine, in memory, in one run, the rules deciding all.
func (x *chaosRun) expected(ctx context.Context, records []history.Record) (*outputs, error) {
	l := replay.NewLine(x.cfg.Settings)
	l.Govern(x.charge.byRule(), nil)
	l.Append(slices.Values(records))
	if err := l.Run(ctx, mem.Options{}); err != nil {
		return nil, err
	}
	want := newOutputs(x.charge.governed())
	revisions, forgotten, costs := l.Outputs()
	for i := range revisions {
		want.revision(&revisions[i], exception.Append(nil, &revisions[i]))
	}
	for _, id := range forgotten {
		want.tombstones[id.String()]++
	}
	for i := range costs {
		want.cost(costs[i].ID.String(), cost.Append(nil, &costs[i]))
	}
	for _, v := range l.Verdicts() {
		want.judged(v)
	}
	for i := range records {
		if !records[i].IsTick() {
			want.events++
		}
	}
	return want, nil
}

func (o *outputs) revision(x *exception.Exception, record []byte) {
	if slices.Contains(o.governed, x.Code) {
		o.byModels[x.ID] = append(o.byModels[x.ID], x.Revision)
		return
	}
	name := fmt.Sprintf("%s/%d", x.ID, x.Revision)
	o.revisions[name]++
	o.records[name+" "+string(record)]++
}

func (o *outputs) cost(id string, record []byte) {
	o.costs[string(record)]++
	o.latest[id] = string(record)
}

// want notes what is not as it must be.
func (x *chaosRun) want(ok bool, format string, args ...any) {
	if !ok {
		x.wrong = append(x.wrong, fmt.Sprintf(format, args...))
	}
}

// check compares topics and tables with what is expected, and puts the counts into the row.
func (x *chaosRun) check(ctx context.Context, want *outputs) error {
	v := x.row.Values
	got, answers := newOutputs(want.governed), &answers{by: map[judgement.Decider]float64{}}
	byTable, err := x.read(ctx, got, answers)
	if err != nil {
		return err
	}
	v["events"], v["exceptions"], v["costs"] = float64(want.events), float64(byTable[tables.Exceptions].n), float64(len(want.costs))
	v["verdicts"] = float64(byTable[tables.Verdicts].n)
	for _, o := range []*outputs{want, got} { // of what models decide they tell what was decided
		for id := range want.byModels {
			delete(o.tombstones, id.String())
		}
		for id := range got.byModels {
			delete(o.tombstones, id.String())
		}
	}
	x.compare("revisions", want.revisions, got.revisions)
	x.compare("tombstones", want.tombstones, got.tombstones)
	x.compare("costs", want.costs, got.costs)
	x.compare("judgements", want.judgements, got.judgements)
	x.checkDecided(got.byModels)
	altered, example := 0, ""
	for name, n := range got.records {
		if want.records[name] < n {
			altered, example = altered+1, name
		}
	}
	for id, record := range want.latest {
		if got.latest[id] != record {
			altered, example = altered+1, got.latest[id]
		}
	}
	if v["phantom"] > 0 || v["doubled"] > 0 || v["missing"] > 0 { // then each of those counts in altered too
		altered = 0
	}
	v["altered"] = float64(altered)
	x.want(altered == 0, "%d records of exceptions or costs say something else than they must, such as %s", altered, example)
	if x.charge != nil {
		if err := x.checkAnswers(ctx, answers); err != nil {
			return err
		}
	}
	if err := x.rows(ctx, byTable); err != nil {
		return err
	}
	return x.verify(ctx)
}

// compare counts what is missing, stands there too often, or should not be there.
func (x *chaosRun) compare(what string, want, got map[string]int) {
	var missing, doubled, phantom int
	var examples []string
	for name, n := range want {
		if got[name] != n {
			examples = append(examples, name)
		}
		missing += max(n-got[name], 0)
		doubled += max(got[name]-n, 0)
	}
	for name, n := range got {
		if want[name] == 0 {
			examples = append(examples, name)
			phantom += n
		}
	}
	slices.Sort(examples) // one that says something else stands beside what it must say
	x.want(len(examples) == 0, "of %d %s %d are missing, %d doubled, and %d are phantoms, such as %s", len(want), what, missing, doubled, phantom,
		strings.Join(examples[:min(len(examples), 2)], " and "))
	x.row.Values["missing"] += float64(missing)
	x.row.Values["doubled"] += float64(doubled)
	x.row.Values["phantom"] += float64(phantom)
}

// read reads the topics as a read-committed consumer does, and says what rows each table must have, by where the record stands.
func (x *chaosRun) read(ctx context.Context, got *outputs, said *answers) (byTable map[string]sums, err error) {
	byTable = map[string]sums{}
	row := func(table string, r *kgo.Record) {
		s := byTable[table]
		s.add(fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset))
		byTable[table] = s
	}
	for _, topic := range x.inputs() {
		if err := x.topics.read(ctx, topic, func(r *kgo.Record) error {
			if len(r.Key) > 0 { // no tick
				row(tables.Events, r)
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	if err := x.topics.read(ctx, x.at.Exceptions(), func(r *kgo.Record) error {
		if r.Value == nil {
			got.tombstones[string(r.Key)]++
			return nil
		}
		row(tables.Exceptions, r)
		var e exception.Exception
		if err := exception.Decode(r.Value, &e); err != nil {
			return fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		got.revision(&e, r.Value)
		return nil
	}); err != nil {
		return nil, err
	}
	if err := x.topics.read(ctx, x.at.Verdicts(), func(r *kgo.Record) error {
		row(tables.Verdicts, r)
		var v judgement.Verdict
		if err := judgement.Decode(r.Value, &v); err != nil {
			return fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		said.add(&v)
		got.judged(v)
		return nil
	}); err != nil {
		return nil, err
	}
	if err := x.topics.read(ctx, x.at.Costs(), func(r *kgo.Record) error {
		row(tables.Costs, r)
		got.cost(string(r.Key), r.Value)
		return nil
	}); err != nil {
		return nil, err
	}
	return byTable, x.conservation(ctx, int64(byTable[tables.Events].n))
}

// conservation checks the account of the journal: what was read is what is on the topics, once.
func (x *chaosRun) conservation(ctx context.Context, events int64) error {
	var c beat.Counts
	err := x.topics.read(ctx, x.at.Journal(), func(r *kgo.Record) error {
		var entry journal.Entry
		if err := journal.Decode(r.Value, &entry); err != nil {
			return fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		c.Add(entry.Counts)
		return nil
	})
	unaccounted := max(c.Read-events, events-c.Read)
	x.row.Values["unaccounted"] = float64(unaccounted)
	x.want(unaccounted == 0 && c.Balanced(), "conservation: %d events are on the topics, the journal says %+v", events, c)
	return err
}

// rows checks that each record is a row, once. What stands in a table twice and is one row when it is read (FINAL) is counted apart: only a table that
// forgot a token may have it.
func (x *chaosRun) rows(ctx context.Context, byTable map[string]sums) error {
	wrong, all := 0.0, 0.0
	for _, table := range []string{tables.Events, tables.Exceptions, tables.Verdicts, tables.Costs} {
		want := byTable[table]
		if err := x.loaded(ctx, table, want.n); err != nil {
			return err
		}
		stored, err := x.sum(ctx, table, "")
		if err != nil {
			return err
		}
		read, err := x.sum(ctx, table, "FINAL")
		if err != nil {
			return err
		}
		all += float64(want.n)
		x.row.Values["rows_twice"] += float64(stored.n) - float64(read.n)
		if read != want {
			wrong += max(1, float64(max(want.n, read.n)-min(want.n, read.n)))
		}
		x.want(stored.n == read.n || x.row.Case == figure.Away, "table %s: %d rows are stored, %d of them twice", table, stored.n, stored.n-read.n)
		x.want(read == want, "table %s: %d rows with sum %016x, want %d with %016x", table, read.n, read.hash, want.n, want.hash)
	}
	x.row.Values["rows"], x.row.Values["rows_wrong"] = all, wrong
	return nil
}

func (x *chaosRun) sum(ctx context.Context, table, how string) (s sums, err error) {
	query := fmt.Sprintf("SELECT count(), sum(xxHash64(concat(topic, '/', toString(partition), '/', toString(offset)))) FROM %s.%s %s", x.cfg.ClickHouse.Database, table, how)
	if err := x.store.conn.QueryRow(ctx, query).Scan(&s.n, &s.hash); err != nil {
		return s, fmt.Errorf("sum of table %s: %w", table, err)
	}
	return s, nil
}

// loaded waits until a table has as many rows as it must; a loader that stands still is found by the sums.
func (x *chaosRun) loaded(ctx context.Context, table string, rows uint64) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for again := time.NewTicker(100 * time.Millisecond); ; {
		s, err := x.sum(ctx, table, "") // cheap: parts are many
		if err == nil && s.n >= rows {
			s, err = x.sum(ctx, table, "FINAL")
		}
		if err == nil && s.n >= rows {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}
