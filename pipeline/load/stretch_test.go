package load

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"andon/pipeline"
)

// sheet is a ledger in memory: rows by offset, which it shows as they lie there. What was inserted last of an offset holds.
type sheet struct {
	Table
	rows  map[int64][]uint64
	looks int
}

func hashed(offset int64) uint64 { return uint64(offset) * 0x9e3779b97f4a7c15 }

func (s *sheet) Insert(_ context.Context, _ string, _ Partition, records []pipeline.Record) (Inserted, error) {
	for _, r := range records {
		s.rows[r.Offset] = []uint64{hashed(r.Offset)}
	}
	return Inserted{Rows: len(records)}, nil
}

func (s *sheet) Expect(_ Partition, records []pipeline.Record) (rows []Row) {
	for _, r := range records {
		rows = append(rows, Row{Offset: r.Offset, Hash: hashed(r.Offset), Copies: 1})
	}
	return rows
}

func (s *sheet) Sums(_ context.Context, _ Partition, from, to, size int64) (map[int64]Sum, error) {
	sums := map[int64]Sum{}
	for offset, list := range s.rows {
		for _, hash := range list {
			if from <= offset && offset < to {
				sum := sums[offset/size]
				sums[offset/size] = Sum{sum.Rows + 1, sum.Hash + hash}
			}
		}
	}
	return sums, nil
}

func (s *sheet) Rows(_ context.Context, _ Partition, from, to int64) (rows []Row, err error) {
	s.looks++
	for _, offset := range slices.Sorted(maps.Keys(s.rows)) {
		if offset < from || offset >= to {
			continue
		}
		copies := map[uint64]int{}
		for _, hash := range s.rows[offset] {
			copies[hash]++
		}
		for hash, n := range copies {
			rows = append(rows, Row{offset, hash, n})
		}
	}
	return rows, nil
}

// Ranges of many stretches, some without a record, some without a row, with gaps at their borders: what is planted is what is found.
func TestReconcileOverManyStretches(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 3))
		at := Closed{Partition{"source", 0}, stretch / 2, 9*stretch + 77}
		table := &sheet{rows: map[int64][]uint64{}}
		var records []pipeline.Record
		var want Difference
		damaged := map[int64]bool{} // stretches
		for offset := at.From; offset < at.To; offset += 1 + random.Int64N(1+random.Int64N(stretch)) {
			fault := random.IntN(60)
			if n := offset / stretch; fault < 5 {
				damaged[n] = true
			}
			if fault == 4 { // the row of no record
				want.Extra, want.Rows, table.rows[offset] = want.Extra+1, want.Rows+1, []uint64{7}
				continue
			}
			records = append(records, pipeline.Record{Offset: offset})
			want.Records++
			switch fault {
			case 0:
				want.Missing++
				continue
			case 1:
				want.Changed, table.rows[offset] = want.Changed+1, []uint64{hashed(offset) + 1}
			case 2:
				want.Doubled, table.rows[offset] = want.Doubled+1, []uint64{hashed(offset), hashed(offset)}
			case 3:
				want.Extra, table.rows[offset] = want.Extra+1, []uint64{hashed(offset), 7}
			default:
				table.rows[offset] = []uint64{hashed(offset)}
			}
			want.Rows++
		}
		run := func(rules Rules) Difference {
			d, err := Reconcile(t.Context(), at, func(yield func(pipeline.Record, error) bool) {
				for _, r := range records {
					if !yield(r, nil) {
						return
					}
				}
			}, table, rules)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		if is := run(Rules{}); is != want {
			t.Errorf("seed %d: %+v, want %+v", seed, is, want)
		}
		if table.looks != len(damaged) {
			t.Errorf("seed %d: %d stretches were read row by row, %d differ", seed, table.looks, len(damaged))
		}
		run(Rules{Repair: true})
		if is := run(Rules{}); is.Missing+is.Changed > 0 || is.Extra != want.Extra || is.Records != want.Records {
			t.Errorf("seed %d: after the repair %+v, before %+v", seed, is, want)
		}
	}
}
