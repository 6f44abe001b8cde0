package audit_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/schemas/event"
	"andon/schemas/journal"
)

func TestAllMatches(t *testing.T) {
	b := day(t)
	r := b.audit(t, nil)
	total := r.Total()
	outputs := len(b.outputs[pipeline.Exceptions]) + len(b.outputs[pipeline.Costs])
	if len(r.Findings)+len(r.Unchecked) > 0 || total.Checked != int64(len(b.outputs[pipeline.Journal])) || total.Entries != total.Checked {
		t.Errorf("%+v", r)
	}
	if total.Events != int64(len(b.inputs[carrier])+len(b.inputs[pickpack])) || total.Compared != int64(outputs) || outputs < 40 {
		t.Errorf("%+v of %d outputs", total, outputs)
	}
	if !slices.ContainsFunc(b.outputs[pipeline.Exceptions], func(r pipeline.Record) bool { return r.Value == nil }) {
		t.Error("no tombstone among them")
	}
	for i, id := range b.Lanes() {
		at := b.entries(id)
		last := b.outputs[pipeline.Journal][at[len(at)-1]]
		if want := (audit.Head{Lane: id.String(), Seq: int64(len(at) - 1), Hash: journal.HashOf(last.Value)}); r.Lanes[i].Head != want {
			t.Errorf("the head is %+v, want %+v", r.Lanes[i].Head, want)
		}
	}
}

// first is the place of the first record of a topic that fits.
func (b *books) first(topic pipeline.Topic, fits func(*pipeline.Record) bool) int {
	return slices.IndexFunc(b.outputs[topic], func(r pipeline.Record) bool { return fits(&r) })
}

func cut(list []pipeline.Record, at int) []pipeline.Record {
	return slices.Delete(slices.Clone(list), at, at+1)
}

func TestWhatIsSpoiledIsFoundAndNamed(t *testing.T) {
	x, c, j := pipeline.Exceptions, pipeline.Costs, pipeline.Journal
	cleared := func(r *pipeline.Record) bool { return bytes.Contains(r.Value, []byte(`"state":"cleared"`)) }
	for name, test := range map[string]struct {
		spoil func(*books)
		want  []string // kind, entry, and what else it names
	}{
		"a byte of an exception": {func(b *books) {
			r := &b.outputs[x][b.first(x, cleared)]
			r.Value = bytes.Replace(r.Value, []byte(`"severity":"major"`), []byte(`"severity":"minor"`), 1)
		}, []string{`record_changed 5 exceptions/0/`, "severity", `"minor"`, `"major"`}},
		"a byte that breaks an exception": {func(b *books) {
			r := &b.outputs[x][b.first(x, cleared)]
			r.Value[0] = 'x'
		}, []string{"record_changed 5 exceptions/0/", "byte 0", `x"exception_id"`}},
		"a byte of a cost":     {func(b *books) { b.outputs[c][0].Value[40] ^= 1 }, []string{"record_changed 1 costs/0/1", "byte 40"}},
		"an exception's key":   {func(b *books) { b.outputs[x][b.first(x, cleared)].Key[0] = 'x' }, []string{"record_missing 5 exceptions/0", "record_foreign"}},
		"a tombstone undone":   {func(b *books) { b.outputs[x] = b.outputs[x][:len(b.outputs[x])-1] }, []string{"record_missing", "a tombstone"}},
		"a cost is gone":       {func(b *books) { b.outputs[c] = cut(b.outputs[c], 3) }, []string{"record_missing", "costs/0"}},
		"a record twice":       {func(b *books) { b.write(x, b.outputs[x][0].Key, b.outputs[x][0].Value) }, []string{"record_foreign", "no beat wrote"}},
		"a record of nobody's": {func(b *books) { b.write(c, []byte("me"), []byte("a cost")) }, []string{"record_foreign -1 costs/0/", "a cost", "me"}},
		"records swapped": {func(b *books) {
			at := b.first(x, cleared) // the next is of the same beat
			one, two := &b.outputs[x][at], &b.outputs[x][at+1]
			one.Key, two.Key, one.Value, two.Value = two.Key, one.Key, two.Value, one.Value
		}, []string{"record_moved 5 exceptions/0"}},
		"an entry is gone": {func(b *books) { b.outputs[j] = cut(b.outputs[j], b.entries(carrier)[4]) }, []string{"entry_missing 5", "entry 4 is missing"}},
		"three entries are gone": {func(b *books) {
			for range 3 {
				b.outputs[j] = cut(b.outputs[j], b.entries(carrier)[4])
			}
		}, []string{"entry_missing 7", "entries 4 to 6 are missing"}},
		"the genesis entry is gone": {func(b *books) { b.outputs[j] = b.outputs[j][1:] }, []string{"entry_missing 1", "entry 0 is missing"}},
		"entries swapped": {func(b *books) {
			at := b.entries(carrier)
			b.outputs[j][at[3]].Value, b.outputs[j][at[4]].Value = b.outputs[j][at[4]].Value, b.outputs[j][at[3]].Value
		}, []string{"entry_moved 3", "after entry 4"}},
		"an entry twice":        {func(b *books) { r := b.outputs[j][b.entries(carrier)[4]]; b.write(j, r.Key, r.Value) }, []string{"entry_moved 4", "after entry 9"}},
		"an entry is no entry":  {func(b *books) { b.outputs[j][b.entries(carrier)[4]].Value[0] = 'x' }, []string{"entry_unreadable 3 journal/0/", "entry_missing 5"}},
		"a setting of an entry": {func(b *books) { b.edit(b.entries(carrier)[4], func(e *journal.Entry) { e.Settings = "0" }) }, []string{"settings_changed 4", "says settings 0", "chain_broken 5"}},
		"a time": {func(b *books) { b.edit(b.entries(carrier)[4], func(e *journal.Entry) { e.End++ }); b.chain(carrier) }, []string{
			"entry_differs 4", "end"}},
		"counts": {func(b *books) {
			b.edit(b.entries(carrier)[4], func(e *journal.Entry) { e.Counts.Done-- })
			b.chain(carrier)
		}, []string{
			"entry_differs 4", "counts.done 2 3"}},
		"a digest": {func(b *books) {
			b.edit(b.entries(carrier)[9], func(e *journal.Entry) { e.Outputs = "x" })
			b.chain(carrier)
		}, []string{"outputs_differ 9", "x"}},
		"a digest alone": {func(b *books) { b.edit(b.entries(carrier)[5], func(e *journal.Entry) { e.Outputs = "x" }) }, []string{"outputs_differ 5", "chain_broken 6"}},
		"a range": {func(b *books) {
			b.edit(b.entries(carrier)[4], func(e *journal.Entry) { e.Input.From-- })
			b.chain(carrier)
		}, []string{"range_broken 4", "input"}},
		"the name": {func(b *books) {
			b.edit(b.entries(carrier)[4], func(e *journal.Entry) { e.Lane = "asn/0" })
			b.chain(carrier)
		}, []string{"entry_differs 4", "asn/0"}},
		"the topic": {func(b *books) { b.ids[carrier] = "other" }, []string{"topic_recreated 0 carrier-side=false/0", "other"}},
		"an input event": {func(b *books) {
			r := &b.inputs[carrier][0]
			r.Value = bytes.Replace(r.Value, []byte("m0"), []byte("m1"), 1)
		}, []string{"outputs_differ"}},
		"an input is bad":  {func(b *books) { b.inputs[carrier][0].Value[0] = 'x' }, []string{"entry_differs 1", "malformed"}},
		"the input is cut": {func(b *books) { b.inputs[carrier] = b.inputs[carrier][:20] }, []string{"log_cut 7 carrier-side=false/0/20"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := day(t)
			test.spoil(b)
			r := b.audit(t, nil)
			text := ""
			for _, f := range r.Findings {
				seq, place := int64(-1), fmt.Sprintf("%s/%d", f.Topic, f.Partition)
				if f.Seq != nil {
					seq = *f.Seq
				}
				if f.Offset != nil {
					place += fmt.Sprintf("/%d", *f.Offset)
				}
				text += fmt.Sprintln(f.Kind, seq, place, f.Key, f.Field, f.Stands, f.Computed, f.Says)
				if f.Kind.Meaning() == "" || strings.Contains(f.Says, "\n") {
					t.Errorf("%s: %q", f.Kind, f.Says)
				}
			}
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			if len(r.Findings) > 3 && name != "an input event" { // that one is the evidence of several
				t.Errorf("one thing is wrong, and it says:\n%s", text)
			}
			if strings.Contains(fmt.Sprint(r.Findings), "pickpack") {
				t.Errorf("the other lane is well:\n%s", text)
			}
		})
	}
}

func TestWhatCannotBeCheckedIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		spoil  func(*books)
		reason audit.Reason
		from   int64
		says   string
	}{
		"other settings": {func(b *books) { b.settings.Rules = map[string]map[string]int64{"CA-04": {"grace_s": 1}} }, audit.OtherSettings, 1, "name the configuration"},
		"other logic":    {func(b *books) { b.logic = "another" }, audit.OtherLogic, 1, "run the build that judged it"},
		"other logic from an entry on": {func(b *books) {
			for _, i := range b.entries(carrier)[5:] {
				b.edit(i, func(e *journal.Entry) { e.Logic = "another"; e.Outputs = "x" })
			}
			b.chain(carrier)
		}, audit.OtherLogic, 5, "another"},
		"another version": {func(b *books) {
			for _, i := range b.entries(carrier)[5:] {
				b.edit(i, func(e *journal.Entry) { e.Version = 9 })
			}
			b.chain(carrier)
		}, audit.OtherVersion, 5, "version 9"},
		"records are gone": {func(b *books) { b.from[carrier] = 1 }, audit.RecordsGone, 0, "retention"},
		"the journal begins": {func(b *books) {
			at := b.entries(carrier)[4]
			b.starts[pipeline.Journal] = b.outputs[pipeline.Journal][at].Offset
			b.outputs[pipeline.Journal] = b.outputs[pipeline.Journal][at:]
		}, audit.JournalGone, 4, "begins with entry"},
		"the genesis entry is deleted": {func(b *books) {
			b.starts[pipeline.Journal] = 2
			b.outputs[pipeline.Journal] = b.outputs[pipeline.Journal][1:]
		}, audit.JournalGone, 0, "entry 0 is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			b := day(t)
			test.spoil(b)
			r := b.audit(t, nil)
			if len(r.Findings) > 0 || len(r.Unchecked) == 0 {
				t.Fatalf("%+v", r)
			}
			if u := r.Unchecked[0]; u.Reason != test.reason || u.From != test.from || !strings.Contains(u.Says, test.says) || u.Lane != carrier.String() {
				t.Errorf("%+v", u)
			}
		})
	}
}

// What retention and compaction take is counted and is no finding.
func TestWhatKafkaTakesAwayIsCounted(t *testing.T) {
	b := day(t)
	x, c := pipeline.Exceptions, pipeline.Costs
	b.outputs[c], b.starts[c] = b.outputs[c][2:], 5
	all := len(b.outputs[x])
	last := map[string]int{}
	for i, r := range b.outputs[x] {
		last[string(r.Key)] = i
	}
	b.outputs[x] = slices.DeleteFunc(b.outputs[x], func(r pipeline.Record) bool {
		i := last[string(r.Key)]
		return r.Offset < int64(2*i)+1 || r.Value == nil && i%2 == 0 // a tombstone goes in the end
	})
	gone := int64(all - len(b.outputs[x]))
	r := b.audit(t, nil)
	if total := r.Total(); len(r.Findings)+len(r.Unchecked) > 0 || total.Expired != 2 || total.Compacted != gone || gone < 20 {
		t.Errorf("%+v of %d compacted: %+v", total, gone, r.Findings)
	}
}

// Compaction leaves alone what is younger than the topic's lag: whatever of that does not stand was taken out.
func TestWhatIsTooYoungToBeCompactedIsMissed(t *testing.T) {
	x := pipeline.Exceptions
	for name, fits := range map[string]func(*pipeline.Record) bool{
		"a first revision of more": func(r *pipeline.Record) bool { // of a parcel; what comes of orders is never revised
			return bytes.Contains(r.Value, []byte(`"revision":1,`)) && bytes.Contains(r.Value, []byte(`"code":"CA-`))
		},
		"a tombstone": func(r *pipeline.Record) bool { return r.Value == nil },
	} {
		t.Run(name, func(t *testing.T) {
			for _, age := range []event.Micros{-1, 1} {
				b := day(t)
				at := b.first(x, fits)
				b.compacts = b.outputs[x][at].At + age
				key := b.outputs[x][at].Key
				if name == "a tombstone" { // which goes after all else of its key
					b.outputs[x] = slices.DeleteFunc(b.outputs[x], func(r pipeline.Record) bool { return r.Value != nil && bytes.Equal(r.Key, key) })
					at = b.first(x, func(r *pipeline.Record) bool { return bytes.Equal(r.Key, key) })
				}
				b.outputs[x] = cut(b.outputs[x], at)
				r := b.audit(t, nil)
				if missed := len(r.Findings) > 0 && r.Findings[len(r.Findings)-1].Kind == audit.RecordMissing; missed != (age < 0) || len(r.Findings) > 1 {
					t.Errorf("%d younger: %+v", -age, r.Findings)
				}
			}
		})
	}
}

// The beginning of a topic expires in order: what is younger than its first record was taken out.
func TestWhatIsTooYoungToExpireIsMissed(t *testing.T) {
	b := day(t)
	c := pipeline.Costs
	b.starts[c], b.outputs[c] = b.outputs[c][0].Offset+1, b.outputs[c][1:]
	if r := b.audit(t, nil); len(r.Findings) > 0 || r.Total().Expired != 1 {
		t.Fatalf("%+v", r)
	}
	b.outputs[c][0].At -= event.Hour // of an earlier beat
	if r := b.audit(t, nil); len(r.Findings) != 1 || r.Findings[0].Kind != audit.RecordMissing {
		t.Errorf("%+v", r)
	}
}

// Whoever rewrites the end of the journal with all that hangs on it is caught by a head that was kept elsewhere, and by nothing else.
func TestARewrittenEndIsCaughtByItsHead(t *testing.T) {
	b := day(t)
	kept := b.audit(t, nil).Lanes[0].Head
	keep := func(c *audit.Config) { c.Kept = []audit.Head{kept} }
	if r := b.audit(t, keep); len(r.Findings) > 0 {
		t.Fatalf("%+v", r.Findings)
	}
	for says, kept := range map[string]audit.Head{"has hash": kept, "the journal ends with entry 9": {Lane: kept.Lane, Seq: kept.Seq + 1, Hash: "cut off"}} {
		keep := func(c *audit.Config) { c.Kept = []audit.Head{kept} }
		other := dayUntil(t, start+29*event.Day)
		if r := other.audit(t, nil); len(r.Findings) > 0 {
			t.Fatalf("it does not fit in itself: %+v", r.Findings)
		}
		r := other.audit(t, keep)
		if len(r.Findings) != 1 || r.Findings[0].Kind != audit.HeadRewritten || !strings.Contains(r.Findings[0].Says, says) {
			t.Errorf("%+v", r.Findings)
		}
	}
}

// Whatever is looked at, a head that was kept is compared.
func TestAHeadOutsideOfTheRange(t *testing.T) {
	b := day(t)
	head := b.audit(t, nil).Lanes[0].Head
	b.edit(b.entries(carrier)[head.Seq], func(e *journal.Entry) { e.Models = "another" })
	for _, to := range []int64{5, 1000} {
		r := b.audit(t, func(c *audit.Config) {
			c.Kept, c.From, c.To = []audit.Head{head}, audit.Place{ByOffset: true, Offset: to - 1}, audit.Place{ByOffset: true, Offset: to}
		}, carrier)
		if len(r.Findings) != 1 || r.Findings[0].Kind != audit.HeadRewritten || *r.Findings[0].Seq != head.Seq {
			t.Errorf("up to %d: %+v", to, r.Findings)
		}
	}
}

func TestARangeIsLookedAtAlone(t *testing.T) {
	b := day(t)
	places := b.entries(carrier)
	b.edit(places[2], func(e *journal.Entry) { e.Counts.Done-- })
	b.edit(places[9], func(e *journal.Entry) { e.Outputs = "x" })
	b.chain(carrier)
	offset := func(n int64) audit.Place { return audit.Place{Offset: n, ByOffset: true} }
	for _, test := range []struct {
		from, to audit.Place
		entries  int64
		finds    int
	}{
		{offset(9), offset(24), 5, 0},
		{audit.Place{}, offset(9), 4, 1},
		{audit.Place{At: start + 3*event.Day + event.Second}, audit.Place{}, 1, 1},
		{audit.Place{}, audit.Place{At: start + 3*event.Day}, 6, 1},
		{audit.Place{At: start + 3*event.Day}, audit.Place{}, 5, 1},
	} {
		r := b.audit(t, func(c *audit.Config) { c.From, c.To = test.from, test.to }, carrier)
		if total := r.Total(); total.Entries != test.entries || len(r.Findings) != test.finds {
			t.Errorf("%+v to %+v: %+v\n%+v", test.from, test.to, total, r.Findings)
		}
	}
}

// One lane of several that write to the same partitions is held to its own records only.
func TestALaneAlone(t *testing.T) {
	b := day(t)
	if r := b.audit(t, nil, carrier); len(r.Findings)+len(r.Unchecked) > 0 || len(r.Lanes) != 1 {
		t.Fatalf("%+v", r)
	}
	b.write(pipeline.Costs, []byte("nobody's"), []byte("x"))
	last := b.outputs[pipeline.Exceptions][0]
	b.write(pipeline.Exceptions, last.Key, last.Value)
	if r := b.audit(t, nil, carrier); len(r.Findings) > 1 {
		t.Fatalf("%+v", r)
	}
}

// Where the start of a lane is gone, or was judged by other logic, it is taken up at a snapshot, and what is wrong behind it is found.
func TestALaneIsTakenUpAtASnapshot(t *testing.T) {
	for name, lame := range map[string]func(*books, int64){
		"records are gone": func(b *books, seq int64) { b.from[carrier] = 3 * seq },
		"the journal begins": func(b *books, seq int64) {
			at := b.entries(carrier)[seq]
			b.starts[pipeline.Journal] = b.outputs[pipeline.Journal][at].Offset
			b.outputs[pipeline.Journal] = b.outputs[pipeline.Journal][at:]
		},
		"other logic before": func(b *books, seq int64) {
			for _, i := range b.entries(carrier)[1:seq] {
				b.edit(i, func(e *journal.Entry) { e.Logic, e.Outputs = "another", "x" })
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := dayWith(t, start+30*event.Day, 1)
			if r := b.audit(t, nil); len(r.Findings)+len(r.Unchecked) > 0 {
				t.Fatalf("%+v", r)
			}
			manifests, _ := (&past{books: b, id: carrier}).Snapshots(t.Context())
			if len(manifests) < 2 {
				t.Fatalf("%d snapshots", len(manifests))
			}
			base := manifests[len(manifests)-2].Seq
			lame(b, base)
			r := b.audit(t, nil, carrier)
			others := slices.DeleteFunc(r.Findings, func(f audit.Finding) bool { return f.Kind == audit.ChainBroken })
			if len(others) > 0 || len(r.Unchecked) == 0 || r.Lanes[0].Checked == 0 || len(r.Lanes[0].Resumed) != 1 || r.Lanes[0].Resumed[0] < base {
				t.Fatalf("%+v", r)
			}
			last := b.entries(carrier)
			b.edit(last[len(last)-1], func(e *journal.Entry) { e.Outputs = "x" })
			if r := b.audit(t, nil, carrier); len(r.Findings) == 0 || r.Findings[len(r.Findings)-1].Kind != audit.OutputsDiffer {
				t.Fatalf("%+v", r.Findings)
			}
		})
	}
}
