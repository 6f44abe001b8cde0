package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"andon/pipeline"
	"andon/schemas/beat"
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/journal"
)

const journalTopic = pipeline.Journal

// lane is one lane under audit.
type lane struct {
	*run
	id     pipeline.Lane
	past   Past
	rerun  *pipeline.Rerun
	books  []*ledger // exceptions, costs; none when outputs are not compared
	report LaneReport

	findings  []Finding
	more      int // findings that are not listed
	unchecked []Unchecked

	entries
	last  noted        // the entry before; Seq -1 before the first
	time  event.Micros // the lane's, after it
	runs  bool         // the engine stands at the end of last
	doubt doubt        // why a beat that comes to something else is no finding any more; zero: it is one
	told  map[string]bool

	looked    bool // for snapshots
	snapshots []journal.Snapshot

	whole bool // all entries are checked: what stands and was not written by them is nobody's
}

// doubt is why an entry is not checked.
type doubt struct {
	reason Reason
	needs  string
	says   string
}

// noted is an entry as it stands.
type noted struct {
	journal.Entry
	hash   journal.Hash
	offset int64
	at     event.Micros // when it was written, by the broker's clock
	gap    bool         // the entries between the last one and this are missing
}

// audit goes through the lane's journal.
func (l *lane) audit(ctx context.Context) (err error) {
	engine, err := l.Engine(l.id.Family)
	if err != nil {
		return err
	}
	if l.past, err = l.Books.Open(ctx, l.id); err != nil {
		return err
	}
	defer l.past.Close()
	l.rerun, l.told, l.whole = pipeline.NewRerun(l.id, engine), map[string]bool{}, !l.From.set() && !l.To.set()
	for {
		n, err := l.next(ctx)
		if err != nil {
			return err
		}
		if n == nil {
			l.ends()
			break
		}
		if l.beyond() && !l.awaited() {
			break
		}
		more, err := l.take(ctx, n)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	for _, b := range l.books {
		if err := l.settle(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// take looks at the next entry. It reports whether more are wanted.
func (l *lane) take(ctx context.Context, n *noted) (more bool, err error) {
	if l.last.Seq < 0 {
		l.begin(n)
	}
	controls, err := pipeline.Between(ctx, l.Controls, max(l.last.Control, 0), n.Control)
	if err != nil {
		return false, err
	}
	l.follows(n)
	l.kin(n, controls)
	if l.within(&n.Entry) {
		l.report.Entries++
		l.report.Head = Head{l.id.String(), n.Seq, n.hash}
	}
	more = true
	switch {
	case n.Seq == 0 && !l.runs:
		l.skip(n, l.doubt)
	case n.Seq == 0:
		l.genesis(n)
	case !l.runs:
		l.skip(n, l.doubt)
	default:
		if more, err = l.again(ctx, n, controls); err != nil {
			return false, err
		}
	}
	if l.lame() {
		if err := l.resume(ctx, n); err != nil {
			return false, err
		}
	}
	l.last, l.time = *n, n.End
	if l.Progress != nil {
		l.Progress(l.id, &n.Entry)
	}
	return more, nil
}

// begin looks at what the lane can be run from.
func (l *lane) begin(n *noted) {
	l.runs = n.Seq <= 1 // the genesis entry holds nothing but where the first begins
	if !l.runs {
		l.doubt = doubt{JournalGone, "", fmt.Sprintf("the journal begins with entry %d, and a lane is run again from its first", n.Seq)}
		return
	}
	l.last.Input, l.last.Side = journal.Range{To: n.Input.From}, journal.Range{To: n.Side.From}
	if n.Seq == 1 && l.past.Start() > 0 && l.from(&n.Entry) { // otherwise it is told as missing
		l.unchecked = append(l.unchecked, Unchecked{Lane: l.id.String(), Count: 1, Reason: JournalGone,
			Says: "entry 0 is gone with the beginning of the journal: whether the topics are still those the lane began with is not known"})
	}
	for _, of := range []struct {
		side bool
		from int64
	}{{false, n.Input.From}, {true, n.Side.From}} {
		if s := l.past.Source(of.side); s.Start > of.from {
			l.runs = false
			l.doubt = doubt{RecordsGone, "", fmt.Sprintf("%s partition %d begins at %d, the lane needs it from %d: its retention is over", s.Topic, l.id.Partition, s.Start, of.from)}
		}
	}
}

// follows compares an entry with the one before: its hash and its ranges.
func (l *lane) follows(n *noted) {
	if l.last.Seq < 0 || n.gap {
		return // there is none to compare with
	}
	if n.Before != l.last.hash {
		l.find(n, differs(ChainBroken, "before", string(n.Before), string(l.last.hash),
			"entry %d says that entry %d has hash %s, it has %s", n.Seq, l.last.Seq, n.Before, l.last.hash))
	}
	for _, r := range []struct {
		name    string
		is, was journal.Range
	}{{"input", n.Input, l.last.Input}, {"side", n.Side, l.last.Side}} {
		if r.is.From != r.was.To || r.is.To < r.is.From {
			l.find(n, differs(RangeBroken, r.name, fmt.Sprintf("%d to %d", r.is.From, r.is.To), fmt.Sprintf("from %d", r.was.To),
				"entry %d is about %s offsets %d to %d, entry %d ends at %d", n.Seq, r.name, r.is.From, r.is.To, l.last.Seq, r.was.To))
		}
	}
}

// kin looks for what a lane keeps from entry to entry, and for heads that were kept elsewhere. Settings may be revised by the records of andon.control
// that the entry is the first to go by.
func (l *lane) kin(n *noted, controls []control.Record) {
	if n.Lane != l.id.String() {
		l.find(n, differs(EntryDiffers, "lane", n.Lane, l.id.String(), "entry %d stands under the key %s and says lane %s", n.Seq, l.id, n.Lane))
	}
	if slices.ContainsFunc(controls, func(r control.Record) bool { return r.Kind == control.KindSettings }) {
		clear(l.told)
	}
	if n.Seq > 0 && !l.told[n.Settings] {
		if len(l.told) > 0 {
			l.find(n, differs(SettingsChanged, "settings", n.Settings, l.last.Settings, "entry %d says settings %s, entry %d before it %s", n.Seq, n.Settings, l.last.Seq, l.last.Settings))
		}
		l.told[n.Settings] = true
	}
	for _, h := range l.kept[l.id.String()] {
		if h.Seq == n.Seq && h.Hash != n.hash {
			l.find(n, differs(HeadRewritten, "hash", string(n.hash), string(h.Hash), "entry %d has hash %s, the head that was kept has %s", n.Seq, n.hash, h.Hash))
		}
	}
}

// genesis compares the topics with those the lane began with.
func (l *lane) genesis(n *noted) {
	l.count(n, &l.report.Checked, 1)
	for _, of := range []struct {
		side     bool
		name, id string
	}{{false, "input_id", n.InputID}, {true, "side_id", n.SideID}} {
		if s := l.past.Source(of.side); s.ID != of.id {
			f := differs(TopicRecreated, of.name, s.ID, of.id, "%s has id %s, the journal is about %s", s.Topic, s.ID, of.id)
			f.Topic, f.Partition = s.Topic, l.id.Partition
			l.find(n, f)
		}
	}
}

// judgedBy says why an entry is not for this build and configuration to check.
func (l *lane) judgedBy(n *noted) doubt {
	switch {
	case n.Version != journal.Version:
		return doubt{OtherVersion, "", fmt.Sprintf("version %d, this build reads %d: run the build that wrote it", n.Version, journal.Version)}
	case n.Logic != l.Logic:
		return doubt{OtherLogic, n.Logic, fmt.Sprintf("judged by logic %s, this build has %s: run the build that judged it", n.Logic, l.Logic)}
	case n.Settings != l.rerun.Settings():
		return doubt{OtherSettings, n.Settings, fmt.Sprintf("judged with settings %s, those of the configuration lead to %s: name the configuration it was judged with", n.Settings, l.rerun.Settings())}
	}
	return doubt{}
}

// again runs the beat of an entry again and compares what comes of it.
func (l *lane) again(ctx context.Context, n *noted, controls []control.Record) (more bool, err error) {
	if n.gap {
		if err := l.bridge(ctx, n); err != nil || !l.runs {
			l.skip(n, l.doubt)
			return true, err
		}
	}
	side, input, err := l.records(ctx, n, n.Side.To, n.Input.To)
	if err != nil || !l.runs {
		l.skip(n, l.doubt)
		return true, err
	}
	if n.Rejudged && l.doubt.reason == "" {
		l.doubt = doubt{OtherLogic, "", "what other logic had published was adopted and judged anew: they are checked from the next snapshot on"}
	}
	done, own := l.rerun.Beat(&n.Entry, controls, side, input), l.judgedBy(n)
	l.report.Events += int64(len(done.Items))
	wrong := compare(n, &done)
	switch {
	case own.reason != "":
		l.skip(n, own)
		if len(wrong) > 0 && l.doubt.reason == "" {
			l.doubt = own // memory is not what another logic makes it
			if own.reason == OtherLogic {
				l.doubt.says = fmt.Sprintf("they follow entries judged by logic %s, this build has %s: they are checked from the next snapshot on", n.Logic, l.Logic)
			}
		}
	case len(wrong) == 0:
		l.count(n, &l.report.Checked, 1)
		l.compare(n, done.Outputs)
		if l.doubt.reason == AfterFinding {
			l.doubt = doubt{} // memory is well again, as far as this beat asked
		}
	case l.doubt.reason != "":
		l.skip(n, l.doubt)
	default:
		for _, f := range wrong {
			l.find(n, f)
		}
		l.compare(n, done.Outputs) // which of the two stands
		l.doubt = l.after(n)
	}
	l.runs = done.Wrong == ""
	if l.Watch == nil || !l.runs {
		return true, nil
	}
	return l.Watch(&Step{Lane: l.id, Entry: &n.Entry, Hash: n.hash, Offset: n.offset, Same: len(wrong) == 0, Redone: done, Record: l.rerun.Record}), nil
}

// after is the doubt that a difference leaves behind; one that is there already stays.
func (l *lane) after(n *noted) doubt {
	if l.doubt.reason != "" {
		return l.doubt
	}
	return doubt{AfterFinding, "", fmt.Sprintf("what entry %d is about is not as it was, and memory after it need not be", n.Seq)}
}

// compare says in what an entry and its beat differ.
func compare(n *noted, done *pipeline.Redone) (wrong []Finding) {
	if done.Wrong != "" {
		return []Finding{differs(EntryDiffers, "", "", "", "entry %d cannot be run again: %s", n.Seq, done.Wrong)}
	}
	is, to := &n.Entry, &done.Entry
	field := func(kind Kind, name, stands, computed string) {
		if stands != computed {
			wrong = append(wrong, differs(kind, name, stands, computed, "entry %d says %s %s, run again it comes to %s", n.Seq, name, word(stands), word(computed)))
		}
	}
	if is.Counts != to.Counts {
		name, stands, computed := member(encoded(is.Counts), encoded(to.Counts))
		field(EntryDiffers, "counts."+name, stands, computed)
	}
	field(EntryDiffers, "start", is.Start.String(), to.Start.String())
	field(EntryDiffers, "end", is.End.String(), to.End.String())
	field(OutputsDiffer, "outputs", string(is.Outputs), string(to.Outputs))
	return wrong
}

func encoded(c beat.Counts) []byte {
	b, _ := json.Marshal(c) // numbers cannot fail to encode
	return b
}

func word(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// records are those of a beat that ends at these offsets. When they cannot be had, the lane cannot be run on.
func (l *lane) records(ctx context.Context, n *noted, sideTo, inputTo int64) (side, input []pipeline.Record, err error) {
	for _, of := range []struct {
		side     bool
		from, to int64
		into     *[]pipeline.Record
	}{{true, l.last.Side.To, sideTo, &side}, {false, l.last.Input.To, inputTo, &input}} {
		s := l.past.Source(of.side)
		switch {
		case of.to > s.End:
			f := differs(LogCut, "", fmt.Sprint(s.End), fmt.Sprint(of.to), "%s partition %d ends at %d, entry %d is about records up to %d", s.Topic, l.id.Partition, s.End, n.Seq, of.to)
			f.Topic, f.Partition, f.Offset = s.Topic, l.id.Partition, new(s.End)
			l.find(n, f)
			l.runs, l.doubt = false, l.after(n)
		case of.to < of.from: // a broken range, said already
			l.runs, l.doubt = false, l.after(n)
		default:
			if *of.into, err = l.past.Records(ctx, of.side, of.from, of.to); err != nil {
				return nil, nil, err
			}
		}
	}
	return side, input, nil
}

// bridge runs over the records of entries that are missing. What comes of it need not be what was written: beats cut otherwise write fewer
// updates.
func (l *lane) bridge(ctx context.Context, n *noted) error {
	side, input, err := l.records(ctx, n, n.Side.From, n.Input.From)
	if err != nil || !l.runs {
		return err
	}
	all, ok := l.rerun.Bridge(side, input, n.Start)
	if l.runs = ok; !ok {
		l.doubt = l.after(n)
		return nil
	}
	if l.doubt.reason == "" {
		l.doubt = doubt{AfterFinding, "", fmt.Sprintf("entries before entry %d are missing", n.Seq)}
	}
	for _, o := range all {
		if len(l.books) > 0 && !l.books[o.Topic].claim(o) {
			l.whole = false
		}
	}
	l.last.Side, l.last.Input = journal.Range{To: n.Side.From}, journal.Range{To: n.Input.From}
	return nil
}

// ends looks whether the journal goes as far as the heads that were kept.
func (l *lane) ends() {
	if l.last.Seq < 0 {
		l.unchecked = append(l.unchecked, Unchecked{Lane: l.id.String(), Reason: JournalGone, Says: "the journal has no entry of the lane: run andon topics apply"})
		l.whole = false
	}
	for _, h := range l.kept[l.id.String()] {
		if h.Seq > l.last.Seq {
			l.findings = append(l.findings, Finding{Kind: HeadRewritten, Lane: l.id.String(), Seq: new(h.Seq), Topic: l.Books.Name(journalTopic), Partition: l.id.Partition,
				Field: "hash", Computed: string(h.Hash), Says: fmt.Sprintf("the journal ends with entry %d, the head that was kept is entry %d, %s", l.last.Seq, h.Seq, h.Hash)})
		}
	}
}
