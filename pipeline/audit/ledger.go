package audit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"andon/pipeline"
)

// ledger holds what a lane's beats wrote to one topic against what stands there.
type ledger struct {
	*standing
	after int64            // offset of the last record that was found
	owed  map[string]*debt // by key: what was not found
}

// debt is the records of one key that were written and are not found, in order.
type debt struct {
	list []owing
	paid bool // a later record of the key stands
}

type owing struct {
	*noted
	nth   int // of the beat's outputs
	value []byte
	sure  bool // compaction has not been here: it takes the earlier ones first, and one of the key stands, or the beat is too young for it
}

// claim takes what a beat may have written, whatever the order.
func (b *ledger) claim(o pipeline.Output) bool {
	at, _ := b.take(o.Key, o.Value)
	b.after = max(b.after, at)
	return at >= 0
}

// compare looks for the outputs of a beat among what stands.
func (l *lane) compare(n *noted, outputs []pipeline.Output) {
	if len(l.books) == 0 {
		return
	}
	for i, o := range outputs {
		b := l.books[o.Topic]
		at, open := b.take(o.Key, o.Value)
		d := b.owed[string(o.Key)]
		switch {
		case at >= 0:
			l.count(n, &l.report.Compared, 1)
			if at < b.after {
				f := differs(RecordMoved, "", "", "", "the record of key %s, output %d of entry %d, stands before an earlier one at offset %d", o.Key, i, n.Seq, b.after)
				l.find(n, b.at(l, f, o.Key, at))
			}
			b.after = max(b.after, at)
			if d != nil {
				d.paid = true
			}
			if d != nil && !open && o.Topic == pipeline.Exceptions && !slices.ContainsFunc(d.list, func(o owing) bool { return o.sure }) {
				l.compacted(d.list)
				delete(b.owed, string(o.Key))
			}
		case !open && (o.Topic == pipeline.Costs || o.Topic == pipeline.Verdicts) && b.after < 0 && b.expired(n.at):
			l.count(n, &l.report.Expired, 1)
		case !open && o.Topic == pipeline.Exceptions && o.Value == nil && len(b.of(o.Key)) == 0 && !b.young(n.at): // a tombstone goes last, and then itself
			if d != nil {
				l.compacted(d.list)
			}
			l.count(n, &l.report.Compacted, 1)
			delete(b.owed, string(o.Key))
		default:
			if d == nil {
				d = &debt{}
				b.owed[string(o.Key)] = d
			}
			d.list, d.paid = append(d.list, owing{n, i, bytes.Clone(o.Value), b.young(n.at) || b.stands(o.Key)}), false
		}
	}
}

func (l *lane) count(n *noted, to *int64, by int64) {
	if l.within(&n.Entry) {
		*to += by
	}
}

func (l *lane) compacted(list []owing) {
	for _, o := range list {
		l.count(o.noted, &l.report.Compacted, 1)
	}
}

// at says of which record a finding is.
func (b *ledger) at(l *lane, f Finding, key []byte, offset int64) Finding {
	f.Topic, f.Partition, f.Key = l.Books.Name(b.topic), b.partition, string(key)
	if offset >= 0 {
		f.Offset = &offset
	}
	return f
}

// settle says what became of the records that were not found: changed, compacted away or missing.
func (l *lane) settle(ctx context.Context, b *ledger) error {
	for _, key := range slices.SortedFunc(maps.Keys(b.owed), func(x, y string) int {
		return cmp.Or(cmp.Compare(b.owed[x].list[0].Seq, b.owed[y].list[0].Seq), cmp.Compare(b.owed[x].list[0].nth, b.owed[y].list[0].nth))
	}) {
		d := b.owed[key]
		list, found, err := l.changed(ctx, b, key, d.list)
		if err != nil {
			return err
		}
		excused := b.topic == pipeline.Exceptions // all but the last of a key may be compacted away
		for i, o := range list {
			if excused && !o.sure && (d.paid || found || i < len(list)-1) {
				l.compacted(list[i : i+1])
			} else {
				l.lost(b, key, o)
			}
		}
	}
	return nil
}

func (l *lane) lost(b *ledger, key string, o owing) {
	what := "a record"
	if o.value == nil {
		what = "a tombstone"
	}
	f := differs(RecordMissing, "", "", excerpt(o.value, 0), "%s of key %s, output %d of entry %d, does not stand in %s partition %d", what, key, o.nth, o.Seq, l.Books.Name(b.topic), b.partition)
	l.find(o.noted, b.at(l, f, []byte(key), -1))
}

// changed pairs the records of a key that stand and that no beat wrote each with the one of those owed that is most like it. It returns what is
// still owed, and whether the last one was found that way.
func (l *lane) changed(ctx context.Context, b *ledger, key string, owed []owing) (rest []owing, last bool, err error) {
	b.mu.Lock()
	var open []*line
	list := b.of([]byte(key))
	for i := range list {
		if !list[i].taken {
			open = append(open, &list[i])
		}
	}
	b.mu.Unlock()
	rest = slices.Clone(owed)
	for _, x := range open {
		if len(rest) == 0 {
			break
		}
		r, err := l.Books.Record(ctx, b.topic, b.partition, x.offset)
		if err != nil {
			return nil, false, err
		}
		best := 0
		for i := range rest {
			if likeness(rest[i].value, r.Value) > likeness(rest[best].value, r.Value) {
				best = i
			}
		}
		o := rest[best]
		last = last || best == len(rest)-1
		rest = slices.Delete(rest, best, best+1)
		x.taken = true
		l.find(o.noted, b.at(l, alter(r.Value, &o), []byte(key), x.offset))
	}
	return rest, last, nil
}

// likeness is how many bytes two values have in common, from the front and from the end.
func likeness(a, b []byte) int {
	n := prefix(a, b)
	m := 0
	for m < min(len(a), len(b))-n && a[len(a)-1-m] == b[len(b)-1-m] {
		m++
	}
	return n + m
}

func prefix(a, b []byte) (n int) {
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// alter says in what a record differs from what was written: by the first member of its JSON that does, or by the first byte.
func alter(stands []byte, o *owing) Finding {
	at := prefix(stands, o.value)
	where := fmt.Sprintf("byte %d", at)
	f := Finding{Kind: RecordChanged, Field: where, Stands: excerpt(stands, at), Computed: excerpt(o.value, at)}
	if name, is, was := member(stands, o.value); name != "" {
		where = fmt.Sprintf("%s (%s)", name, where)
		f.Field, f.Stands, f.Computed = name, is, was
	}
	f.Says = fmt.Sprintf("output %d of entry %d differs at %s: %s stands, %s was written", o.nth, o.Seq, where, word(f.Stands), word(f.Computed))
	return f
}

// member is the first member, by its name, that differs between two JSON objects that are both well.
func member(a, b []byte) (name, is, was string) {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return "", "", ""
	}
	all := maps.Clone(y)
	maps.Copy(all, x)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if !bytes.Equal(x[k], y[k]) {
			return k, string(x[k]), string(y[k])
		}
	}
	return "", "", ""
}

// excerpt is some of a value around a byte, in one line.
func excerpt(value []byte, at int) string {
	const before, most = 24, 80
	if value == nil {
		return "a tombstone"
	}
	from := max(0, min(at-before, len(value)))
	to := min(from+most, len(value))
	s := string(value[from:to])
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		s = strconv.Quote(s)
	}
	if from > 0 {
		s = "..." + s
	}
	if to < len(value) {
		s += "..."
	}
	return s
}
