package timeline

import (
	"cmp"
	"slices"

	"andon/schemas/event"
)

// MaxBytes bounds the encoding of one timeline; an event that would pass it is refused.
const MaxBytes = 256 << 10

// MaxScans is how many of the latest carrier scans and ETAs a timeline keeps, beside the first and last of each status.
const MaxScans = 32

// Timeline is the facts of one entity, decoded. It is scratch: one serves many entities in turn, through Load, Add and Append.
type Timeline struct {
	// Live is what rules judge: the facts that no correction retracts, without the corrections, by (Time, ID).
	Live []*Fact

	facts     []Fact          // all, corrections and retracted ones included, by (Time, ID)
	corrected map[uint64]bool // what corrections retract; empty for most

	documents []*Document // memory for documents; the first used are taken
	used      int

	grown bool // since it was loaded a fact was added at the end, and nothing else
	same  bool // since then nothing was changed
}

// Outcome is what became of an added fact.
type Outcome uint8

// The outcomes.
const (
	Done      Outcome = iota // new, or a newer statement of a known event
	Duplicate                // known already, or older than the statement known
	Parked                   // a correction of an event not seen yet; it waits
)

// Load reads the encoding of a timeline, sharing its memory; none is the empty timeline. An error means that the bytes are not ours: a bug.
func (t *Timeline) Load(encoded []byte) error {
	t.facts, t.Live, t.used = t.facts[:0], t.Live[:0], 0
	clear(t.corrected)
	t.grown, t.same = false, true
	r := reader{b: encoded}
	for len(r.b) > 0 {
		f := t.grow()
		f.read(&r, t.document())
		if f.Doc != nil {
			t.used++
		}
		t.correct(f)
	}
	if r.bad {
		return errCorrupt
	}
	t.sift()
	return nil
}

// grow adds a fact.
func (t *Timeline) grow() *Fact {
	if n := len(t.facts); n < cap(t.facts) {
		t.facts = t.facts[:n+1]
	} else {
		t.facts = append(t.facts, Fact{})
	}
	return &t.facts[len(t.facts)-1]
}

// document is memory that the next document may use.
func (t *Timeline) document() *Document {
	if t.used == len(t.documents) {
		t.documents = append(t.documents, &Document{})
	}
	return t.documents[t.used]
}

// Append appends the encoding of the timeline to b.
func (t *Timeline) Append(b []byte) []byte {
	for i := range t.facts {
		b = t.facts[i].append(b)
	}
	return b
}

// AppendNew appends what turns the bytes that were loaded into those of the timeline as it is: with extends the one fact that follows them, else
// the whole encoding.
func (t *Timeline) AppendNew(b []byte) (new []byte, extends bool) {
	if t.grown {
		return t.facts[len(t.facts)-1].append(b), true
	}
	return t.Append(b), false
}

// Unchanged reports whether the timeline still is what was loaded.
func (t *Timeline) Unchanged() bool { return t.same }

// Add puts a fact into the set. A known id with the same content is a duplicate; with other content the later record wins, then the larger
// content hash, whatever came first.
func (t *Timeline) Add(f *Fact) Outcome {
	outcome := Done
	if f.Type == event.Correction && !t.Knows(f.Target) {
		outcome = Parked
	}
	if i := t.find(f.ID); i >= 0 {
		if !t.restate(i, f) {
			return Duplicate
		}
		if old := &t.facts[i]; old.Type == event.Correction {
			delete(t.corrected, old.Target)
		}
		t.facts = slices.Delete(t.facts, i, i+1)
		for k := range t.facts { // another correction may be of the same event
			t.correct(&t.facts[k])
		}
		t.same = false
	}
	at := len(t.facts)
	for at > 0 && f.before(&t.facts[at-1]) {
		at--
	}
	t.grown = t.same && at == len(t.facts)
	t.same = false
	t.facts = slices.Insert(t.facts, at, *f)
	t.correct(f)
	t.thin()
	t.sift()
	return outcome
}

// Latest reports whether a fact is later than all others.
func (t *Timeline) Latest(f *Fact) bool {
	return len(t.facts) == 0 || f.Time > t.facts[len(t.facts)-1].Time
}

func (f *Fact) before(g *Fact) bool {
	return cmp.Or(cmp.Compare(f.Time, g.Time), cmp.Compare(f.ID, g.ID)) < 0
}

// restate brings the i-th fact and a new statement of the same event together: true when the new one stands. Of a document the earliest record
// of any statement is kept.
func (t *Timeline) restate(i int, f *Fact) bool {
	old := &t.facts[i]
	if old.Doc != nil && f.Doc != nil {
		if f.Doc.First < old.Doc.First {
			t.same = false
		}
		first := min(old.Doc.First, f.Doc.First)
		old.Doc.First, f.Doc.First = first, first
	}
	if old.Content == f.Content {
		if f.Record > old.Record {
			old.Record, t.same = f.Record, false
		}
		return false
	}
	return cmp.Or(cmp.Compare(f.Record, old.Record), cmp.Compare(f.Content, old.Content)) > 0
}

func (t *Timeline) find(id uint64) int {
	for i := range t.facts {
		if t.facts[i].ID == id {
			return i
		}
	}
	return -1
}

// Knows reports whether the event of the id is in the set.
func (t *Timeline) Knows(id uint64) bool { return t.find(id) >= 0 }

// sift sets Live.
func (t *Timeline) sift() {
	t.Live = t.Live[:0]
	for i := range t.facts {
		if f := &t.facts[i]; len(t.corrected) == 0 || f.Type != event.Correction && !t.corrected[f.ID] {
			t.Live = append(t.Live, f)
		}
	}
}

// correct notes what a correction retracts.
func (t *Timeline) correct(f *Fact) {
	if f.Type != event.Correction {
		return
	}
	if t.corrected == nil {
		t.corrected = map[uint64]bool{}
	}
	t.corrected[f.Target] = true
}

// thin drops the oldest scans past the limit, keeping the first and last of each status and the first few after each that ends a journey or loses
// the goods: that is all that rules ask of old ones. What is kept depends on the set alone: a dropped scan that comes again is dropped again.
func (t *Timeline) thin() {
	if len(t.facts) <= MaxScans {
		return
	}
	scans := 0
	for i := range t.facts {
		if t.facts[i].IsScan() {
			scans++
		}
	}
	if scans <= MaxScans {
		return
	}
	t.grown = false
	var seen [256]bool
	kept := t.facts[:0]
	left, after := scans, 0
	for i := range t.facts {
		f := t.facts[i]
		if f.IsScan() {
			left--
			if left >= MaxScans && seen[f.Status] && after == 0 && !t.lastOfStatus(i) {
				continue
			}
			if after = max(0, after-1); ends(f.Status) && !seen[f.Status] {
				after = scansAfterEnd
			}
			seen[f.Status] = true
		}
		kept = append(kept, f)
	}
	clear(t.facts[len(kept):])
	t.facts = kept
}

// scansAfterEnd is how many scans after the first DELIVERED, RTS and LOST are kept.
const scansAfterEnd = 8

func ends(s event.Status) bool { return s == event.Delivered || s == event.RTS || s == event.Lost }

// IsScan reports whether the fact is one that thinning may drop.
func (f *Fact) IsScan() bool { return f.Type == event.CarrierScan || f.Type == event.CarrierETA }

func (t *Timeline) lastOfStatus(i int) bool {
	for j := i + 1; j < len(t.facts); j++ {
		if t.facts[j].IsScan() && t.facts[j].Status == t.facts[i].Status {
			return false
		}
	}
	return true
}
