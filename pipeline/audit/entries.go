package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"andon/schemas/event"
	"andon/schemas/journal"
)

// window is how many entries are looked through for one that does not stand where it must.
const window = 256

// entries is what was read of a lane's journal and not looked at yet.
type entries struct {
	ahead []*noted
	over  bool // there are no more to read
}

// next is the entry that follows by its seq, wherever it stands within the window; nil after the last.
func (l *lane) next(ctx context.Context) (*noted, error) {
	for {
		if err := l.fill(ctx, 1); err != nil || len(l.ahead) == 0 {
			return nil, err
		}
		n, want := l.ahead[0], l.last.Seq+1
		if n.Seq == want {
			return l.cut(0), nil
		}
		if n.Seq < want {
			l.find(l.cut(0), differs(EntryMoved, "seq", fmt.Sprint(n.Seq), fmt.Sprint(want), "entry %d stands after entry %d", n.Seq, l.last.Seq))
			continue
		}
		if err := l.fill(ctx, window); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(l.ahead, func(x *noted) bool { return x.Seq == want }); i > 0 {
			x := l.cut(i)
			l.find(x, differs(EntryMoved, "seq", fmt.Sprint(x.Seq), fmt.Sprint(want), "entry %d stands at offset %d, after entry %d at offset %d",
				x.Seq, x.offset, n.Seq, n.offset))
			return x, nil
		}
		return l.missing(l.cut(0), want), nil
	}
}

// missing says that the entries from a seq up to n are not there. A journal that has lost its beginning to retention lacks nothing that must be there.
func (l *lane) missing(n *noted, from int64) *noted {
	if from == 0 && l.past.Start() > 0 {
		return n
	}
	n.gap = from > 0
	text := fmt.Sprintf("entry %d is missing", from)
	if n.Seq > from+1 {
		text = fmt.Sprintf("entries %d to %d are missing", from, n.Seq-1)
	}
	l.find(n, differs(EntryMissing, "seq", fmt.Sprint(n.Seq), fmt.Sprint(from), "%s: entry %d stands next, %d input records and %d side records later",
		text, n.Seq, n.Input.From-l.last.Input.To, n.Side.From-l.last.Side.To))
	return n
}

func (l *lane) cut(i int) *noted {
	n := l.ahead[i]
	l.ahead = slices.Delete(l.ahead, i, i+1)
	return n
}

// fill reads until there are n entries, or all.
func (l *lane) fill(ctx context.Context, n int) error {
	for len(l.ahead) < n && !l.over {
		r, err := l.past.Entry(ctx)
		if errors.Is(err, io.EOF) {
			l.over = true
			return nil
		}
		if err != nil {
			return err
		}
		x := &noted{hash: journal.HashOf(r.Value), offset: r.Offset, at: r.At}
		if err := journal.Decode(r.Value, &x.Entry); err != nil {
			x.Entry = l.last.Entry // as to where it is
			l.find(x, differs(EntryUnreadable, "", "", "", "offset %d is no journal entry: %v", r.Offset, err))
			l.whole = false
			continue
		}
		l.ahead = append(l.ahead, x)
	}
	return nil
}

// within reports whether an entry is of the range that is looked at.
func (c *Config) within(e *journal.Entry) bool {
	return c.from(e) && c.before(e.Start, e.Input.From)
}

func (c *Config) from(e *journal.Entry) bool {
	switch {
	case c.From.ByOffset:
		return e.Input.To > c.From.Offset || e.Input.From >= c.From.Offset
	case c.From.At != 0:
		return e.End >= c.From.At
	}
	return true
}

// beyond reports whether what follows is past the range.
func (l *lane) beyond() bool { return l.last.Seq >= 0 && !l.before(l.time, l.last.Input.To) }

// awaited reports whether heads that were kept are still to come.
func (l *lane) awaited() bool {
	return slices.ContainsFunc(l.kept[l.id.String()], func(h Head) bool { return h.Seq > l.last.Seq })
}

// before reports whether a beat that begins here begins before the end of the range.
func (c *Config) before(at event.Micros, offset int64) bool {
	switch {
	case c.To.ByOffset:
		return offset < c.To.Offset
	case c.To.At != 0:
		return at < c.To.At
	}
	return true
}
