package detectors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"andon/schemas/event"
	"andon/schemas/exception"
)

// A snapshot is a sequence of parts, and a part is: version (1), the lane's time, then entities. An entity is: key and facts (each a varint length and
// bytes), wake, latest, the number of its exceptions, and each of them as a record of andon.exceptions with its length. Numbers are varints, zigzag
// where they can be negative. All that an engine holds beside follows from these.
const snapshotVersion = 1

var errSnapshot = errors.New("detectors: corrupt snapshot")

// freezing is a snapshot under way.
type freezing struct {
	active bool
	mark   uint64 // a number no beat has: an entity touched at it or later is written already
	time   event.Micros
	left   []*entity // not looked at yet
	saved  []byte    // of entities that were about to change
}

// Freeze begins a snapshot of the state as of the last Keep; the beats that follow do not change it. One that is under way is given up.
func (e *Engine) Freeze() {
	f := &e.frozen
	f.active, f.mark, f.time = true, e.beat, e.lane.time
	e.beat++
	f.left, f.saved = slices.Grow(f.left[:0], len(e.entities)), f.saved[:0]
	for _, ent := range e.entities {
		f.left = append(f.left, ent) // in no order: a state is a set
	}
}

// Frozen appends the next part of the snapshot, at least size bytes unless it is the last. After the last it reports true, and the snapshot is over.
func (e *Engine) Frozen(dst []byte, size int) (part []byte, last bool) {
	f := &e.frozen
	end := len(dst) + size
	dst = binary.AppendVarint(append(dst, snapshotVersion), int64(f.time))
	dst = append(dst, f.saved...)
	f.saved = f.saved[:0]
	for len(f.left) > 0 && len(dst) < end {
		ent := f.left[len(f.left)-1]
		f.left[len(f.left)-1] = nil
		f.left = f.left[:len(f.left)-1]
		if ent.touched < f.mark {
			ent.touched = f.mark
			dst = ent.append(dst)
		}
	}
	if len(f.left) > 0 {
		return dst, false
	}
	*f = freezing{}
	return dst, true
}

// save writes an entity that is about to change for the first time since the state was frozen.
func (f *freezing) save(ent *entity) {
	if f.active && ent.touched < f.mark {
		f.saved = ent.append(f.saved)
	}
}

// keep says of an entity whose change was undone that it is written.
func (f *freezing) keep(ent *entity) {
	if f.active {
		ent.touched = max(ent.touched, f.mark)
	}
}

func (ent *entity) append(b []byte) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(ent.key))), ent.key...)
	b = append(binary.AppendUvarint(b, uint64(len(ent.facts))), ent.facts...)
	b = binary.AppendVarint(b, int64(ent.wake))
	b = binary.AppendVarint(b, int64(ent.latest))
	b = binary.AppendUvarint(b, uint64(len(ent.raised)))
	for _, x := range ent.raised {
		record := exception.Append(nil, x)
		b = append(binary.AppendUvarint(b, uint64(len(record))), record...)
	}
	return b
}

// Load adds a part of a snapshot to an engine that has folded nothing yet. An error means that the bytes are not what Frozen wrote.
func (e *Engine) Load(part []byte) error {
	if len(part) == 0 || part[0] != snapshotVersion {
		return fmt.Errorf("%w: not of version %d", errSnapshot, snapshotVersion)
	}
	r := snapshotReader{b: part[1:]}
	e.lane.time = event.Micros(r.varint())
	for len(r.b) > 0 {
		ent := &entity{key: string(r.bytes()), facts: slices.Clone(r.bytes()), wake: event.Micros(r.varint()), latest: event.Micros(r.varint())}
		for range min(r.uvarint(), uint64(len(part))) {
			x := new(exception.Exception)
			if err := exception.Decode(r.bytes(), x); err != nil {
				return fmt.Errorf("%w: %w", errSnapshot, err)
			}
			ent.raised = append(ent.raised, x)
			if !x.State.Ended() {
				e.lane.open++
			}
		}
		if r.bad || ent.key == "" || e.entities[ent.key] != nil {
			return errSnapshot
		}
		e.entities[ent.key] = ent
		e.lane.bytes += int64(len(ent.facts))
		e.wakes.arm(ent)
	}
	e.kept = e.lane
	return nil
}

// snapshotReader takes values off the front of b; the first that does not fit sets bad, and everything after reads as zero.
type snapshotReader struct {
	b   []byte
	bad bool
}

func (r *snapshotReader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.skip(n)
	return v
}

func (r *snapshotReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.skip(n)
	return v
}

func (r *snapshotReader) skip(n int) {
	if n <= 0 {
		r.bad, r.b = true, nil
		return
	}
	r.b = r.b[n:]
}

func (r *snapshotReader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}
