package replay_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"andon/pipeline"
	"andon/pipeline/mem"
	"andon/replay"
	"andon/replay/history"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// telling is one way to tell the same history.
type telling func(t *testing.T, random *rand.Rand, l *replay.Line, records []history.Record)

var tellings = map[string]telling{
	"shuffled": func(t *testing.T, random *rand.Rand, l *replay.Line, records []history.Record) {
		l.Append(ticked(arriving(random, records)))
		run(t, l, mem.Options{})
	},
	"doubled": func(t *testing.T, random *rand.Rand, l *replay.Line, records []history.Record) {
		twice := append(slices.Clone(records), arriving(random, records)...)
		l.Append(ticked(byArrival(twice)))
		run(t, l, mem.Options{})
	},
	"cut into other beats": func(t *testing.T, random *rand.Rand, l *replay.Line, records []history.Record) {
		l.Append(ticked(records))
		run(t, l, mem.Options{Cut: func(pipeline.Lane) int { return 1 + random.IntN(400) }})
	},
	"restarted halfway": func(t *testing.T, random *rand.Rand, l *replay.Line, records []history.Record) {
		all := slices.Collect(ticked(records))
		at := len(all)/4 + random.IntN(len(all)/2)
		l.Append(slices.Values(all[:at]))
		run(t, l, mem.Options{})
		l.Append(slices.Values(all[at:]))
		run(t, l, mem.Options{})
	},
	"shuffled, doubled, cut and restarted": func(t *testing.T, random *rand.Rand, l *replay.Line, records []history.Record) {
		all := slices.Collect(ticked(byArrival(append(arriving(random, records), arriving(random, records)...))))
		for range 3 {
			at := random.IntN(len(all))
			l.Append(slices.Values(all[:at]))
			all = all[at:]
			run(t, l, mem.Options{Cut: func(pipeline.Lane) int { return 1 + random.IntN(1000) }})
		}
		l.Append(slices.Values(all))
		run(t, l, mem.Options{})
	},
}

// ticked puts an import's ticks between the records.
func ticked(records []history.Record) func(func(history.Record) bool) {
	return history.Ticked(slices.Values(records), replay.Partitions, history.ImportStep, history.ImportLateness)
}

// arriving gives each record an arrival of its own, up to 48 h after it happened, and brings all into that order.
func arriving(random *rand.Rand, records []history.Record) []history.Record {
	late := slices.Clone(records)
	for i := range late {
		late[i].At = late[i].EventTime + event.Micros(random.Int64N(int64(history.ImportLateness)))
	}
	return byArrival(late)
}

func byArrival(records []history.Record) []history.Record {
	slices.SortStableFunc(records, func(a, b history.Record) int { return int(a.At - b.At) })
	return records
}

func run(t *testing.T, l *replay.Line, o mem.Options) {
	t.Helper()
	if err := l.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// However a history is told, the same exceptions come of it in the end, byte for byte.
func TestDataToldOtherwise(t *testing.T) {
	for name := range dataSets {
		t.Run(name, func(t *testing.T) {
			set := open(t, name, dataDir(t, name))
			plain := replay.NewLine(set.Settings)
			plain.Append(ticked(set.Records))
			run(t, plain, mem.Options{})
			want := outcome(plain)
			for way, tell := range tellings {
				t.Run(way, func(t *testing.T) {
					random, seed := dice(t)
					l := replay.NewLine(set.Settings)
					tell(t, random, l, set.Records)
					diff(t, want, outcome(l), seed)
				})
			}
		})
	}
}

// outcome is all that must not depend on how the history was told: not revision, what it did and detection time, nor what stood only until late
// data came.
func outcome(l *replay.Line) (lines []string) {
	for _, x := range l.Final() {
		if !replay.Stands(&x) {
			continue
		}
		x.Revision, x.DetectedAt, x.Change = 0, 0, ""
		lines = append(lines, string(exception.Append(nil, &x)))
	}
	return lines
}

// diff fails with the first few lines that are in one outcome only.
func diff(t *testing.T, want, got []string, seed uint64) {
	t.Helper()
	if slices.Equal(want, got) {
		return
	}
	only := func(in, out []string) string {
		var lines []string
		for _, line := range in {
			if len(lines) < 3 && !slices.Contains(out, line) {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "\n")
	}
	t.Errorf("%d exceptions, want %d (ANDON_SEED=%d)\nonly so:\n%s\nonly in order:\n%s", len(got), len(want), seed, only(got, want), only(want, got))
}
