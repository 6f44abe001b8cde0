package load_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/pipeline/load"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kadm"
)

// reconcile compares a whole table with its topics; what keep leaves out of the records the topics have forgotten. keep may be nil.
func (s *site) reconcile(table string, rules load.Rules, keep func(pipeline.Record) bool) (all load.Difference) {
	s.t.Helper()
	group, topics := s.sources(table)
	ranges, err := kafka.ClosedRanges(s.t.Context(), s.Config, group, topics, 0, s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range ranges {
		d, err := load.Reconcile(s.t.Context(), r, kept(kafka.ClosedRecords(s.t.Context(), s.Config, r, s.log), keep), s.db().Ledgers(s.families())[table], rules)
		if err != nil {
			s.t.Fatal(err)
		}
		all.Add(d)
	}
	return all
}

// closed reports whether all records of a table's topics are committed by its loader. Behind the last lies a transaction's marker.
func (s *site) closed(table string) bool {
	s.t.Helper()
	group, topics := s.sources(table)
	ranges, err := kafka.ClosedRanges(s.t.Context(), s.Config, group, topics, 0, s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	ends, err := kadm.NewClient(s.producer).ListEndOffsets(s.t.Context(), topics...)
	if err != nil {
		s.t.Fatal(err)
	}
	return !slices.ContainsFunc(ranges, func(r load.Closed) bool {
		end, _ := ends.Lookup(r.Topic, r.Number)
		return r.To < end.Offset-1
	})
}

func kept(records iter.Seq2[pipeline.Record, error], keep func(pipeline.Record) bool) iter.Seq2[pipeline.Record, error] {
	return func(yield func(pipeline.Record, error) bool) {
		for r, err := range records {
			if (keep == nil || err != nil || keep(r)) && !yield(r, err) {
				return
			}
		}
	}
}

// exec does something to the tables, and is over when all rows are as it says.
func (s *site) exec(format string, args ...any) {
	s.t.Helper()
	if err := s.conn.Exec(s.t.Context(), fmt.Sprintf(format, args...)); err != nil {
		s.t.Fatal(err)
	}
}

// All that may be wrong with rows is planted, each kind in rows of its own: it is found to the row, repaired but for what is too many, and reported.
func TestReconcileFindsAndRepairs(t *testing.T) {
	const sent = 1500
	s := newSite(t)
	s.produce(sent)
	for _, table := range []string{"events", "exceptions", "costs"} {
		l := s.start(s.Config, table, nil)
		s.await("the range of "+table+" to be closed", func() bool { return s.closed(table) })
		l.stop()
		name := s.database + "." + table
		s.expect(table+" as loaded", s.reconcile(table, load.Rules{}, nil), load.Difference{Records: sent, Rows: sent})

		// The tokens of these blocks are known, so the rows are as good as hidden.
		s.exec("ALTER TABLE %s DELETE WHERE sipHash64(offset) %% 10 = 0 SETTINGS mutations_sync = 2", name)
		left := s.count("SELECT count() FROM DB." + table)
		changed := s.count("SELECT countIf(sipHash64(offset) % 10 = 1) FROM DB." + table)
		s.exec("ALTER TABLE %s UPDATE %s WHERE sipHash64(offset) %% 10 = 1 SETTINGS mutations_sync = 2", name,
			map[string]string{"events": "source = concat(source, 'x')", "exceptions": "reasons = arrayPushBack(reasons, 'x')", "costs": "amount_micro = NULL"}[table])
		s.exec("SYSTEM STOP MERGES %s", name)
		doubled := s.count("SELECT countIf(sipHash64(offset) % 10 = 2) FROM DB." + table)
		s.exec("INSERT INTO %[1]s SELECT * FROM %[1]s WHERE sipHash64(offset) %% 10 = 2 SETTINGS insert_deduplicate = 0", name)
		extra := s.count("SELECT countIf(sipHash64(offset) % 10 = 3) FROM DB." + table)
		s.exec("INSERT INTO %[1]s SELECT * REPLACE(concat(subject, 'x') AS subject) FROM %[1]s WHERE sipHash64(offset) %% 10 = 3", name)

		want := load.Difference{Records: sent, Rows: left, Missing: sent - left, Changed: changed, Doubled: doubled, Extra: extra}
		if min(want.Missing, changed, doubled, extra) < 50 {
			t.Errorf("%s: too little is planted: %+v", table, want)
		}
		s.expect(table+" with faults", s.reconcile(table, load.Rules{}, nil), want)
		want.Repaired = want.Missing + want.Changed
		s.expect(table+" repaired", s.reconcile(table, load.Rules{Repair: true}, nil), want)
		want = load.Difference{Records: sent, Rows: sent, Extra: extra, Doubled: doubled + changed} // of a changed row the table shows the one that came in last
		s.expect(table+" after the repair", s.reconcile(table, load.Rules{}, nil), want)
		s.exec("SYSTEM START MERGES %s", name)
		s.exec("ALTER TABLE %s DELETE WHERE endsWith(subject, 'x') SETTINGS mutations_sync = 2", name)
	}
	s.check()
}

func TestReconcileLeavesOutWhatIsForgotten(t *testing.T) {
	const sent = 1000
	s := newSite(t)
	s.produce(sent)
	l := s.start(s.Config, "exceptions", nil)
	s.await("the range to be closed", func() bool { return s.closed("exceptions") })
	l.stop()
	third := s.count("SELECT countIf(offset % 3 = 0) FROM DB.exceptions")
	compacted := func(r pipeline.Record) bool { return r.Offset%3 != 0 }
	s.expect("the topic forgot a third", s.reconcile("exceptions", load.Rules{Compacted: true}, compacted),
		load.Difference{Records: sent - third, Rows: sent, Outlived: third})
	s.expect("a topic that forgets nothing", s.reconcile("exceptions", load.Rules{}, compacted),
		load.Difference{Records: sent - third, Rows: sent, Extra: third})

	s.exec("TRUNCATE TABLE %s.exceptions", s.database)
	s.expect("no row is there", s.reconcile("exceptions", load.Rules{}, nil), load.Difference{Records: sent, Missing: sent})
	late := load.Rules{KeptSince: event.At(time.Now().Add(time.Hour)), Repair: true}
	if is := s.reconcile("exceptions", late, nil); is.Missing+is.Records+is.Repaired != 0 || is.Expired < sent {
		t.Errorf("all records are older than the table keeps rows: %+v", is)
	}
}

func (s *site) expect(what string, is, want load.Difference) {
	s.t.Helper()
	if is != want {
		s.t.Errorf("%s: %+v, want %+v", what, is, want)
	}
}
