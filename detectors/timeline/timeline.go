package timeline

import (
	"cmp"
	"slices"

	"andon/schemas/event"
)

// MaxBytes bounds the encoding of one timeline; an event that would pass it is refused.
const MaxBytes = 256 << 10

// maxScans is how many of the latest carrier scans and ETAs a timeline keeps, beside the first and last of each status.
const maxScans = 32

// Timeline is the facts of one entity, decoded. It is scratch: one serves many entities in turn, through Load, Add and Append.
type Timeline struct {
	// Live is what rules judge: the facts that no correction retracts, without the corrections, by (Time, ID).
	Live []*Fact

	facts []Fact // all, corrections and retracted ones included, by (Time, ID)
}

// Outcome is what became of an added fact.
type Outcome uint8

// The outcomes.
const (
	Done      Outcome = iota // new, or a newer statement of a known event
	Duplicate                // known already, or older than the statement known
	Parked                   // a correction of an event not seen yet; it waits
)

// Load reads the encoding of a timeline, sharing its memory; nil is the empty timeline. An error means that the bytes are not ours: a bug.
func (t *Timeline) Load(b []byte) error {
	t.facts = t.facts[:0]
	r := reader{b: b}
	var previous event.Micros
	for len(r.b) > 0 {
		f := t.grow()
		f.read(&r, previous)
		previous = f.Time
	}
	if r.bad {
		return errCorrupt
	}
	t.sift()
	return nil
}

// grow adds a fact, whose Lines keep their memory from earlier use.
func (t *Timeline) grow() *Fact {
	if n := len(t.facts); n < cap(t.facts) {
		t.facts = t.facts[:n+1]
	} else {
		t.facts = append(t.facts, Fact{})
	}
	return &t.facts[len(t.facts)-1]
}

// Append appends the encoding of the timeline to b.
func (t *Timeline) Append(b []byte) []byte {
	var previous event.Micros
	for i := range t.facts {
		b = t.facts[i].append(b, previous)
		previous = t.facts[i].Time
	}
	return b
}

// Add puts a fact into the set and takes over its Lines. A known id with the same content is a duplicate; with other content the later record wins, then the larger
// content hash, whatever came first.
func (t *Timeline) Add(f *Fact) Outcome {
	outcome := Done
	if f.Type == event.Correction && !t.knows(f.Target) {
		outcome = Parked
	}
	if i := t.find(f.ID); i >= 0 {
		old := &t.facts[i]
		switch {
		case old.Content == f.Content:
			old.Record = max(old.Record, f.Record)
			return Duplicate
		case cmp.Or(cmp.Compare(f.Record, old.Record), cmp.Compare(f.Content, old.Content)) < 0:
			return Duplicate
		}
		t.facts = slices.Delete(t.facts, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(t.facts, f, func(x Fact, f *Fact) int {
		return cmp.Or(cmp.Compare(x.Time, f.Time), cmp.Compare(x.ID, f.ID))
	})
	t.facts = slices.Insert(t.facts, at, *f)
	f.Lines = nil
	t.thin()
	t.sift()
	return outcome
}

func (t *Timeline) find(id uint64) int {
	for i := range t.facts {
		if t.facts[i].ID == id {
			return i
		}
	}
	return -1
}

func (t *Timeline) knows(id uint64) bool { return t.find(id) >= 0 }

// sift sets Live.
func (t *Timeline) sift() {
	t.Live = t.Live[:0]
	corrected := false
	for i := range t.facts {
		if t.facts[i].Type == event.Correction {
			corrected = true
			continue
		}
		t.Live = append(t.Live, &t.facts[i])
	}
	if corrected {
		t.Live = slices.DeleteFunc(t.Live, func(f *Fact) bool { return t.retracted(f.ID) })
	}
}

func (t *Timeline) retracted(id uint64) bool {
	for i := range t.facts {
		if t.facts[i].Type == event.Correction && t.facts[i].Target == id {
			return true
		}
	}
	return false
}

// thin drops the oldest scans past the limit, keeping the first and last of each status, which is all that rules ask of old ones. What is kept
// depends on the set alone: a dropped scan that comes again is dropped again.
func (t *Timeline) thin() {
	scans := 0
	for i := range t.facts {
		if isScan(&t.facts[i]) {
			scans++
		}
	}
	if scans <= maxScans {
		return
	}
	var seen [256]bool
	kept := t.facts[:0]
	left := scans
	for i := range t.facts {
		f := t.facts[i]
		if isScan(&f) {
			left--
			if left >= maxScans && seen[f.Status] && !t.lastOfStatus(i) {
				continue
			}
			seen[f.Status] = true
		}
		kept = append(kept, f)
	}
	clear(t.facts[len(kept):])
	t.facts = kept
}

func isScan(f *Fact) bool { return f.Type == event.CarrierScan || f.Type == event.CarrierETA }

func (t *Timeline) lastOfStatus(i int) bool {
	for j := i + 1; j < len(t.facts); j++ {
		if isScan(&t.facts[j]) && t.facts[j].Status == t.facts[i].Status {
			return false
		}
	}
	return true
}
