package sim

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"andon/pipeline"
	"andon/pipeline/load"
	"andon/pipeline/mem"
	"andon/replay/oracle"
	"andon/schemas/beat"
	"andon/schemas/cost"
	"andon/schemas/deadletter"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
)

// verdict is what a history came to.
type verdict struct {
	records, exceptions, revisions, judgements, rows, doubled int
	entries                                                   int64 // run again from the journal
}

// check compares what stands in the log and the table with an undisturbed run of the same records.
func (l *life) check(ctx context.Context) (v verdict) {
	calm := mem.New(l.lanes()...)
	for _, id := range l.lanes() {
		for _, side := range []bool{true, false} {
			for _, r := range l.broker.part(at(id, side)).all() {
				calm.Append(id, side, r.Key, r.Value, r.At)
				v.records++
			}
		}
	}
	c := l.config(nil)
	c.Controls = l.ruled()
	if err := calm.Run(ctx, c, mem.Options{}); err != nil {
		l.breach("the undisturbed run: %v", err)
		return v
	}
	var exceptions, verdicts, costs, letters []pipeline.Record
	for n := range l.profile.partitions {
		for topic, list := range map[string]*[]pipeline.Record{"exceptions": &exceptions, "verdicts": &verdicts, "costs": &costs, "deadletter": &letters} {
			*list = append(*list, l.broker.part(load.Partition{Topic: topic, Number: n}).all()...)
		}
	}
	v.exceptions, v.revisions = l.checkExceptions(exceptions, calm)
	l.same("cost", lastCosts(l, costs), costsOf(calm.Costs))
	l.same("dead letter", lettersIn(l, letters), lettersOf(calm.Letters))
	v.judgements = l.checkJudgements(verdicts, calm.Verdicts)
	l.checkJournals()
	v.entries = l.checkAgain(ctx)
	v.rows, v.doubled = l.checkTable()
	return v
}

// checkExceptions sees that each revision of an exception is there once, one after the other, and that the last ones are those of the calm run.
func (l *life) checkExceptions(records []pipeline.Record, calm *mem.Log) (ids, revisions int) {
	said := map[exception.ID]exception.Exception{}
	for _, r := range records {
		if r.Value == nil {
			continue // forgotten
		}
		var x exception.Exception
		if err := exception.Decode(r.Value, &x); err != nil {
			l.breach("an exception: %v", err)
		}
		if before := said[x.ID].Revision; x.Revision != before+1 {
			l.breach("exception %s %s: revision %d follows revision %d", x.Code, x.Subject, x.Revision, before)
		}
		if l.profile.wall && x.DetectedAt > r.At {
			l.breach("exception %s %s was detected at %s, before that instant: %s", x.Code, x.Subject, x.DetectedAt, r.At)
		}
		said[x.ID] = x
		revisions++
	}
	want := map[exception.ID]exception.Exception{}
	for _, x := range calm.Exceptions {
		want[x.ID] = x
	}
	l.same("exception", l.standing(said), l.standing(want))
	l.same("exception by the oracle", l.facts(said), l.foretold())
	l.same("tombstone", l.tombstones(records, said, want), l.forgotten(calm.Forgotten, said, want))
	return len(said), revisions
}

// tombstones are the keys of records without a value, but for exceptions of governed codes.
func (l *life) tombstones(records []pipeline.Record, known ...map[exception.ID]exception.Exception) (texts []string) {
	var list []exception.ID
	for _, r := range records {
		if r.Value == nil {
			var id exception.ID
			if err := id.UnmarshalText(r.Key); err != nil {
				l.breach("a tombstone of %q: %v", r.Key, err)
			}
			list = append(list, id)
		}
	}
	return l.forgotten(list, known...)
}

// forgotten lists exceptions, but for those of governed codes.
func (l *life) forgotten(list []exception.ID, known ...map[exception.ID]exception.Exception) (texts []string) {
	for _, id := range list {
		if !slices.ContainsFunc(known, func(k map[exception.ID]exception.Exception) bool {
			return slices.Contains(l.profile.governed, k[id].Code)
		}) {
			texts = append(texts, id.String())
		}
	}
	return texts
}

// standing is the last word on each exception of which the rule alone decides. Where records were read from two topics, what was read first from which may show in how an
// exception came to be what it is, so there only what stands counts.
func (l *life) standing(last map[exception.ID]exception.Exception) (texts []string) {
	for _, x := range last {
		if slices.Contains(l.profile.governed, x.Code) {
			continue
		}
		x.DetectedAt = 0 // when the beat that found it ended
		if l.twoTopics() {
			if x.State == exception.Retracted || x.LateData {
				continue
			}
			x.Revision, x.Change = 0, ""
		}
		texts = append(texts, string(exception.Append(nil, &x)))
	}
	return texts
}

// facts is what the oracle knows of the exceptions that stand and of which the rule alone decides.
func (l *life) facts(last map[exception.ID]exception.Exception) (texts []string) {
	known := func(n *int64) int64 {
		if n == nil {
			return oracle.Unknown
		}
		return *n
	}
	for _, x := range last {
		if x.State != exception.Retracted && !x.LateData && !slices.Contains(l.profile.governed, x.Code) {
			texts = append(texts, fmt.Sprintf("%+v", oracle.Exception{ID: x.ID, Tenant: x.Tenant, Code: x.Code, Subject: x.Subject, Episode: x.Episode, State: x.State,
				OpenedAt: x.OpenedAt, ClearedAt: x.ClearedAt, Expected: known(x.Expected), Observed: known(x.Observed), Delta: known(x.Delta)}))
		}
	}
	return texts
}

// foretold is what the oracle, which shares no code with the core, finds in the records.
func (l *life) foretold() (texts []string) {
	events := map[event.Family][]oracle.Record{}
	end := event.Micros(0)
	for _, id := range l.lanes() {
		for _, side := range []bool{true, false} {
			for _, r := range l.broker.part(at(id, side)).all() {
				x := oracle.Record{At: r.At}
				if event.Decode(id.Family, r.Key, r.Value, &x.Event) == nil {
					events[id.Family] = append(events[id.Family], x)
					end = max(end, x.Time)
				}
			}
		}
	}
	if l.profile.wall {
		end = event.At(l.ended())
	}
	for family, records := range events {
		for _, x := range oracle.Find(family, records, nil, l.usual, end) {
			if !slices.Contains(l.profile.governed, x.Code) {
				texts = append(texts, fmt.Sprintf("%+v", x))
			}
		}
	}
	return texts
}

// twoTopics reports whether a lane has side records.
func (l *life) twoTopics() bool {
	return slices.ContainsFunc(l.lanes(), func(id pipeline.Lane) bool { return l.broker.part(at(id, true)).high() > 0 })
}

// same reports what only one of two runs has.
func (l *life) same(what string, got, want []string) {
	slices.Sort(got)
	slices.Sort(want)
	for len(got)+len(want) > 0 {
		switch {
		case len(want) == 0 || len(got) > 0 && got[0] < want[0]:
			l.breach("%s too many: %.500s", what, got[0])
			got = got[1:]
		case len(got) == 0 || want[0] < got[0]:
			l.breach("%s missing: %.500s", what, want[0])
			want = want[1:]
		default:
			got, want = got[1:], want[1:]
		}
	}
}

func lastCosts(l *life, records []pipeline.Record) []string {
	list := make([]cost.Cost, len(records))
	for i, r := range records {
		if err := cost.Decode(r.Value, &list[i]); err != nil {
			l.breach("a cost: %v", err)
		}
	}
	return costsOf(list)
}

// costsOf is the last word on each cost.
func costsOf(list []cost.Cost) (texts []string) {
	last := map[cost.ID]cost.Cost{}
	for _, c := range list {
		last[c.ID] = c
	}
	for _, c := range last {
		texts = append(texts, string(cost.Append(nil, &c)))
	}
	return texts
}

func lettersIn(l *life, records []pipeline.Record) []string {
	list := make([]deadletter.Letter, len(records))
	for i, r := range records {
		if err := deadletter.Decode(r.Value, &list[i]); err != nil {
			l.breach("a dead letter: %v", err)
		}
	}
	return lettersOf(list)
}

func lettersOf(list []deadletter.Letter) (texts []string) {
	for _, x := range list {
		texts = append(texts, fmt.Sprintf("%s/%d %s %s %s", x.Topic, x.Partition, x.Reason, x.At, x.Raw))
	}
	return texts
}

// checkJournals sees that the entries of each lane follow one another, account for every record, and end where the group stands.
func (l *life) checkJournals() {
	for _, id := range l.lanes() {
		var sum beat.Counts
		var head journal.Entry
		var hash journal.Hash
		for _, r := range l.broker.part(load.Partition{Topic: "journal", Number: id.Partition}).all() {
			if string(r.Key) != id.String() {
				continue
			}
			var e journal.Entry
			if err := journal.Decode(r.Value, &e); err != nil {
				l.breach("an entry of %s: %v", id, err)
			}
			if e.Before != hash || e.Seq > 0 && (e.Seq != head.Seq+1 || e.Input.From != head.Input.To || e.Side.From != head.Side.To || e.Start < head.End) {
				l.breach("entry %d of %s does not follow entry %d", e.Seq, id, head.Seq)
			}
			if head.Seq > 0 && e.Logic != head.Logic {
				l.fired["logic changed"]++
			}
			if head.Seq > 0 && e.Settings != head.Settings {
				l.fired["settings changed"]++
			}
			head, hash = e, journal.HashOf(r.Value)
			sum.Add(e.Counts)
		}
		read := len(l.broker.part(at(id, true)).all()) + len(l.broker.part(at(id, false)).all())
		if !sum.Balanced() || sum.Read+sum.Ticks != int64(read) {
			l.breach("the journal of %s accounts for %+v of %d records", id, sum, read)
		}
		if end := l.broker.part(controlTopic).high(); head.Control != end {
			l.breach("the journal of %s goes by control records up to %d, there are %d", id, head.Control, end)
		}
		if side, input := l.detect.positions[at(id, true)], l.detect.positions[at(id, false)]; side.offset != head.Side.To || input.offset != head.Input.To ||
			!strings.HasPrefix(input.metadata, fmt.Sprintf("%d ", head.Seq)) {
			l.breach("the journal of %s ends with %+v, the group stands at %v and %v", id, head, side, input)
		}
	}
}

// checkTable sees that the table shows each committed record once, and nothing else.
func (l *life) checkTable() (rows, doubled int) {
	for _, at := range l.outputs() {
		shown, twice := l.table.final(at)
		rows, doubled = rows+len(shown), doubled+twice
		want := l.broker.part(at).all()
		if !slices.EqualFunc(shown, want, func(a, b pipeline.Record) bool {
			return a.Offset == b.Offset && a.At == b.At && bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value)
		}) {
			l.breach("the table shows %d rows of %s/%d, the log has %d records, or others", len(shown), at.Topic, at.Number, len(want))
		}
	}
	return rows, doubled
}

// rests reports whether all is done: nothing is left to read, to fire or to load.
func (l *life) rests() bool {
	for _, id := range l.lanes() {
		for _, side := range []bool{true, false} {
			part := l.broker.part(at(id, side))
			if left, _ := part.read(l.detect.positions[at(id, side)].offset, part.high(), 1); len(left)+len(part.open) > 0 || l.detect.pending[at(id, side)] != nil {
				return false
			}
		}
		if !slices.ContainsFunc(l.workers, func(w *worker) bool { return !w.dead && w.flows[id] != nil && w.idle > 4 && !w.controls.behind() }) {
			return false
		}
	}
	for _, at := range l.outputs() {
		part := l.broker.part(at)
		shown, _ := l.table.final(at)
		if len(shown) < len(part.all()) || len(part.open) > 0 {
			return false
		}
	}
	return true
}

// lanes lists the lanes of the history.
func (l *life) lanes() (all []pipeline.Lane) {
	for _, f := range event.Families {
		for n := range l.profile.partitions {
			all = append(all, pipeline.Lane{Family: f, Partition: n})
		}
	}
	return all
}

// outputs lists the partitions that are loaded.
func (l *life) outputs() []load.Partition {
	return slices.SortedFunc(maps.Keys(l.load.positions), func(a, b load.Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Number, b.Number))
	})
}

// ended is the instant at which the clock of the undisturbed run stands.
func (l *life) ended() time.Time { return l.begin.Add(l.horizon) }
