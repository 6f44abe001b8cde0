package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"andon/schemas/event"
	"andon/schemas/journal"
)

// Report is what an audit found.
type Report struct {
	Lanes     []LaneReport `json:"lanes"`
	Findings  []Finding    `json:"findings"`
	More      int          `json:"more_findings,omitempty"` // that are not listed
	Unchecked []Unchecked  `json:"unchecked"`
}

// LaneReport counts what was looked at in one lane.
type LaneReport struct {
	Lane    string `json:"lane"`
	Entries int64  `json:"entries"` // in the range asked for, the genesis entry among them
	Checked int64  `json:"checked"` // of them: run again, and all is as they say
	Events  int64  `json:"events"`  // records run again, ticks among them, the range or not

	Compared  int64 `json:"outputs_compared"`  // outputs of checked entries that stand byte for byte
	Compacted int64 `json:"outputs_compacted"` // that do not stand any more, and a later record of the same key does
	Expired   int64 `json:"outputs_expired"`   // older than the first record of their topic

	Resumed []int64 `json:"resumed,omitempty"` // the entries behind which it was taken up again at a snapshot, for want of what came before

	Head Head `json:"head"` // the last entry looked at

	Time  event.Micros `json:"time"`     // the lane's, after the last entry run again, the range or not
	Input int64        `json:"input_to"` // the offset of its input topic after that entry
}

// Kind is what is wrong.
type Kind string

// The kinds of findings.
const (
	EntryUnreadable Kind = "entry_unreadable"
	EntryMissing    Kind = "entry_missing"
	EntryMoved      Kind = "entry_moved"
	ChainBroken     Kind = "chain_broken"
	RangeBroken     Kind = "range_broken"
	SettingsChanged Kind = "settings_changed"
	EntryDiffers    Kind = "entry_differs"
	OutputsDiffer   Kind = "outputs_differ"
	RecordChanged   Kind = "record_changed"
	RecordMissing   Kind = "record_missing"
	RecordMoved     Kind = "record_moved"
	RecordForeign   Kind = "record_foreign"
	HeadRewritten   Kind = "head_rewritten"
	TopicRecreated  Kind = "topic_recreated"
	LogCut          Kind = "log_cut"
)

// Meaning says what a kind of finding means, in one sentence.
func (k Kind) Meaning() string {
	return map[Kind]string{
		EntryUnreadable: "What stands there is no journal entry: somebody changed it.",
		EntryMissing:    "Entries were taken out of the journal. What follows was run on over the records between, and is compared as far as it fits.",
		EntryMoved:      "Somebody changed the order of the journal, or wrote an entry again. It was run in the order of the seq numbers.",
		ChainBroken:     "The entry before was changed after this one was written, or this one was.",
		RangeBroken:     "Records were judged twice or not at all, or somebody changed the entry.",
		SettingsChanged: "A lane keeps its settings until andon.control brings others: the entry was changed, or somebody judged on with other settings.",
		EntryDiffers:    "The same records judged by the same logic and settings come to something else: the entry or the input was changed.",
		OutputsDiffer:   "The same records judged by the same logic and settings come to other outputs: the entry or the input was changed.",
		RecordChanged:   "The record is not what the beat comes to: it was changed after it was written.",
		RecordMissing:   "The beat wrote a record that does not stand there: it was taken out.",
		RecordMoved:     "Records are not in the order they were written in.",
		RecordForeign:   "No beat wrote this record: somebody else did.",
		HeadRewritten:   "The journal is not the one whose head was kept: its end was rewritten or cut off.",
		TopicRecreated:  "The topic was deleted and created again, or this is a copy: its records need not be those that were judged.",
		LogCut:          "Records that were judged are no longer in the topic, though nothing but its beginning may ever go.",
	}[k]
}

// Finding is one thing that is not as it must be.
type Finding struct {
	Kind      Kind           `json:"kind"`
	Lane      string         `json:"lane,omitempty"` // empty: of a record that is no lane's
	Seq       *int64         `json:"seq,omitempty"`  // of the entry
	Input     *journal.Range `json:"input,omitempty"`
	Side      *journal.Range `json:"side,omitempty"`
	Topic     string         `json:"topic"` // where what is wrong stands
	Partition int32          `json:"partition"`
	Offset    *int64         `json:"offset,omitempty"`
	Key       string         `json:"key,omitempty"`
	Field     string         `json:"field,omitempty"` // of the entry or record
	Stands    string         `json:"stands,omitempty"`
	Computed  string         `json:"computed,omitempty"` // what must stand there
	Says      string         `json:"says"`               // all of it in one line
}

// Reason is why entries could not be checked.
type Reason string

// The reasons.
const (
	OtherLogic    Reason = "other_logic"
	OtherSettings Reason = "other_settings"
	OtherVersion  Reason = "other_version"
	RecordsGone   Reason = "records_gone"
	JournalGone   Reason = "journal_gone"
	AfterFinding  Reason = "after_finding"
)

// Unchecked is a run of entries that could not be checked. Their chain is checked all the same.
type Unchecked struct {
	Lane   string `json:"lane"`
	From   int64  `json:"from_seq"`
	To     int64  `json:"to_seq"`
	Count  int64  `json:"entries"`
	Reason Reason `json:"reason"`
	Needs  string `json:"needs,omitempty"` // the hash of the logic or the settings
	Says   string `json:"says"`
}

// findingsMax is how many findings of a lane are listed; what else is wrong is counted.
const findingsMax = 100

func (r *Report) add(l *lane) {
	l.report.Time, l.report.Input = l.time, l.last.Input.To
	r.Lanes = append(r.Lanes, l.report)
	r.Unchecked = append(r.Unchecked, l.unchecked...)
	r.list(l.findings...)
	r.More += l.more
}

func (r *Report) list(findings ...Finding) { r.Findings = append(r.Findings, findings...) }

func (r *Report) sort() {
	family := func(lane string) string { name, _, _ := strings.Cut(lane, "/"); return name }
	slices.SortStableFunc(r.Lanes, func(a, b LaneReport) int { return cmp.Compare(family(a.Lane), family(b.Lane)) })
	slices.SortStableFunc(r.Unchecked, func(a, b Unchecked) int { return cmp.Compare(family(a.Lane), family(b.Lane)) })
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(family(a.Lane), family(b.Lane)) })
}

// Total sums the lanes up.
func (r *Report) Total() (t LaneReport) {
	for _, l := range r.Lanes {
		t.Entries += l.Entries
		t.Checked += l.Checked
		t.Events += l.Events
		t.Compared += l.Compared
		t.Compacted += l.Compacted
		t.Expired += l.Expired
	}
	return t
}

// Count is the number of findings.
func (r *Report) Count() int { return len(r.Findings) + r.More }

// find adds what is wrong with an entry, or with what its beat wrote, unless it is outside of what is looked at: a head counts wherever it is.
func (l *lane) find(n *noted, f Finding) {
	if f.Kind != HeadRewritten && !l.within(&n.Entry) {
		return
	}
	if len(l.findings) >= findingsMax {
		l.more++
		return
	}
	f.Lane = l.id.String()
	f.Seq, f.Input, f.Side = new(n.Seq), new(n.Input), new(n.Side)
	if f.Topic == "" {
		f.Topic, f.Partition, f.Offset = l.Books.Name(journalTopic), l.id.Partition, new(n.offset)
	}
	l.findings = append(l.findings, f)
}

// differs is a finding about a field, for find to place.
func differs(kind Kind, field, stands, computed, format string, args ...any) Finding {
	return Finding{Kind: kind, Field: field, Stands: stands, Computed: computed, Says: fmt.Sprintf(format, args...)}
}

// skip counts an entry that is not checked.
func (l *lane) skip(n *noted, d doubt) {
	if !l.within(&n.Entry) {
		return
	}
	l.whole = false
	if i := len(l.unchecked) - 1; i >= 0 && l.unchecked[i].Reason == d.reason && l.unchecked[i].Needs == d.needs && l.unchecked[i].Says == d.says {
		l.unchecked[i].To = n.Seq
		l.unchecked[i].Count++
		return
	}
	l.unchecked = append(l.unchecked, Unchecked{Lane: l.id.String(), From: n.Seq, To: n.Seq, Count: 1, Reason: d.reason, Needs: d.needs, Says: d.says})
}
