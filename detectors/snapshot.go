package detectors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"andon/schemas/event"
	"andon/schemas/exception"
)

// A snapshot is a stream of bytes, cut into parts anywhere: version (3), the lane's time and floor, the records of andon.control that are in force (a JSON array
// behind its length), then entities, each behind its length. An entity is: key and
// facts (each behind its length), wake, latest, the number of its exceptions, and each of them as a record of andon.exceptions behind its length. Numbers
// are varints, zigzag where they can be negative. All that an engine holds beside follows from these.
const snapshotVersion = 3

// maxEntity bounds what a snapshot may say an entity takes: many times what the limits of a timeline and its document allow.
const maxEntity = 64 << 20

var errSnapshot = errors.New("detectors: corrupt snapshot")

// freezing is a snapshot under way.
type freezing struct {
	active bool
	mark   uint64    // a number no beat has: an entity touched at it or later is written already
	left   []*entity // not looked at yet
	out    []byte    // written and not handed out: what was about to change, mostly
	body   []byte    // of one entity
}

// Freeze begins a snapshot of the state as of the last Keep; the beats that follow do not change it. One that is under way is given up.
func (e *Engine) Freeze() {
	f := &e.frozen
	f.active, f.mark = true, e.beat
	e.beat++
	f.left = slices.Grow(f.left[:0], len(e.entities))
	f.out = binary.AppendVarint(append(f.out[:0], snapshotVersion), int64(e.lane.time))
	f.out = binary.AppendVarint(f.out, int64(e.lane.floor))
	rules := e.lane.policies.append(nil)
	f.out = append(binary.AppendUvarint(f.out, uint64(len(rules))), rules...)
	for _, ent := range e.entities {
		f.left = append(f.left, ent) // in no order: a state is a set
	}
}

// Frozen appends the next part of the snapshot, size bytes unless it is the last. With the last it reports true, and the snapshot is over.
func (e *Engine) Frozen(dst []byte, size int) (part []byte, last bool) {
	f := &e.frozen
	for len(f.left) > 0 && len(f.out) < size {
		ent := f.left[len(f.left)-1]
		f.left[len(f.left)-1] = nil
		f.left = f.left[:len(f.left)-1]
		if ent.touched < f.mark {
			ent.touched = f.mark
			f.write(ent)
		}
	}
	n := min(size, len(f.out))
	dst = append(dst, f.out[:n]...)
	if left := len(f.out) - n; left <= n { // its memory serves the next part
		f.out = f.out[:copy(f.out, f.out[n:])]
	} else {
		f.out = f.out[n:]
	}
	if len(f.left)+len(f.out) > 0 {
		return dst, false
	}
	*f = freezing{}
	return dst, true
}

func (f *freezing) write(ent *entity) {
	f.body = ent.append(f.body[:0])
	f.out = append(binary.AppendUvarint(f.out, uint64(len(f.body))), f.body...)
}

// save writes an entity that is about to change for the first time since the state was frozen.
func (f *freezing) save(ent *entity) {
	if f.active && ent.touched < f.mark {
		f.write(ent)
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

// Load adds the next part of a snapshot to an engine that has folded nothing yet; last says that it is the last. An error means that the bytes are not
// what Frozen wrote.
func (e *Engine) Load(part []byte, last bool) error {
	b := append(e.loading, part...)
	if !e.loads && len(b) > 0 {
		at, n := binary.Varint(b[1:])
		if b[0] != snapshotVersion || n < 0 {
			return fmt.Errorf("%w: not of version %d", errSnapshot, snapshotVersion)
		}
		floor, m := binary.Varint(b[1+max(n, 0):])
		if m < 0 {
			return errSnapshot
		}
		if n > 0 && m > 0 {
			e.loads, e.lane.time, e.lane.floor, b = true, event.Micros(at), event.Micros(floor), b[1+n+m:]
		}
	}
	for e.loads {
		size, n := binary.Uvarint(b)
		if n < 0 || size > maxEntity {
			return errSnapshot
		}
		if n == 0 || size > uint64(len(b)-n) {
			break // the rest is in the next part
		}
		load := e.loadOne
		if !e.ruled {
			load = e.loadRules
		}
		if err := load(b[n : n+int(size)]); err != nil {
			return err
		}
		b = b[n+int(size):]
	}
	if e.loading = append(e.loading[:0], b...); last && (len(b) > 0 || !e.ruled) {
		return fmt.Errorf("%w: it ends within an entity", errSnapshot)
	}
	e.kept = e.lane
	return nil
}

func (e *Engine) loadRules(body []byte) (err error) {
	e.ruled = true
	if e.lane.policies, err = readPolicies(body); err != nil {
		return fmt.Errorf("%w: %w", errSnapshot, err)
	}
	floor := e.lane.floor
	if r := e.lane.policies.settings(); r != nil && !e.revise(r) {
		return fmt.Errorf("%w: this build makes no sense of its settings", errSnapshot)
	}
	e.lane.floor, e.lane.sweep = floor, sweep{}
	return nil
}

func (e *Engine) loadOne(body []byte) error {
	r := snapshotReader{b: body}
	ent := &entity{key: string(r.bytes()), facts: slices.Clone(r.bytes()), wake: event.Micros(r.varint()), latest: event.Micros(r.varint())}
	for range min(r.uvarint(), uint64(len(body))) {
		x := new(exception.Exception) // its strings live in its record
		if err := exception.Decode(slices.Clone(r.bytes()), x); err != nil {
			return fmt.Errorf("%w: %w", errSnapshot, err)
		}
		ent.raised = append(ent.raised, x)
		if !x.State.Ended() {
			e.lane.open++
		}
	}
	if r.bad || len(r.b) > 0 || ent.key == "" || e.entities[ent.key] != nil {
		return errSnapshot
	}
	e.entities[ent.key] = ent
	e.lane.bytes += int64(len(ent.facts))
	e.wakes.arm(ent)
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
