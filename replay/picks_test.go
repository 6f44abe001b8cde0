package replay_test

import (
	"cmp"
	"math/big"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"andon/replay"
)

// checkPickLabour compares what picking cost with a sum over the files that shares no code with Andon: a wage of 3000 minor units an hour, 51 s for
// a line whose begin is not known, spans of over 255 s taken for a pause.
func checkPickLabour(t *testing.T, got, want replay.Paid) {
	t.Helper()
	if got.Facts != want.Facts || got.Measured != want.Measured || got.Assumed != want.Assumed || got.Unknown != 0 || got.WorkUS != want.WorkUS {
		t.Errorf("%+v, the file says %+v", got, want)
	}
	exact := new(big.Int).Mul(big.NewInt(want.WorkUS), big.NewInt(3000))
	off := exact.Div(exact, big.NewInt(3600)).Int64() - got.AmountMicro["USD"]
	if off < 0 || off > int64(got.Facts) { // each line is rounded down once
		t.Errorf("%d micro minor units for %d microseconds of work: off by %d", got.AmountMicro["USD"], want.WorkUS, off)
	}
	t.Logf("%d lines, %d measured and %d assumed, %d s of work, %d minor units", got.Facts, got.Measured, got.Assumed, got.WorkUS/1_000_000, got.AmountMicro["USD"]/1_000_000)
}

// wwiPicks: each line is an order of its own with one pick, so nothing tells when its picking began.
func wwiPicks(t *testing.T, dir string) (p replay.Paid) {
	for _, row := range cells(t, filepath.Join(dir, "Sales.OrderLines.csv"))[1:] {
		if when := row[len(row)-3]; when != "" && when != "NULL" {
			p.Facts++
			p.Assumed++
			p.WorkUS += 51_000_000
		}
	}
	return p
}

// valioPicks measures from one confirmation of an order to the next; those of one second share the span by quantity.
func valioPicks(t *testing.T, dir string) (p replay.Paid) {
	rows := cells(t, filepath.Join(dir, "valio_aimo_replacement_orders_junction_2025.csv"))
	col := map[string]int{}
	for i, name := range rows[0] {
		col[name] = i
	}
	type task struct {
		line string
		at   time.Time
		qty  int64
	}
	orders := map[string][]task{}
	for _, row := range rows[1:] {
		date := row[col["picking_confirmed_date"]]
		if date == "" || date == "1970-01-01" {
			continue
		}
		clock := row[col["picking_confirmed_time"]]
		at, err := time.Parse("2006-01-02 150405", date+" "+("000000" + clock)[len(clock):])
		if err != nil {
			t.Fatal(err)
		}
		qty, err := strconv.ParseFloat(cmp.Or(row[col["picking_picked_qty"]], "0"), 64)
		if err != nil {
			t.Fatal(err)
		}
		order := row[col["order_number"]]
		orders[order] = append(orders[order], task{row[col["order_row_number"]], at, int64(qty*1000 + 0.5)})
	}
	for _, tasks := range orders {
		slices.SortStableFunc(tasks, func(a, b task) int { return a.at.Compare(b.at) })
		assumed := map[string]bool{}
		work := map[string]int64{}
		for i := 0; i < len(tasks); {
			n, total := i, int64(0)
			for n < len(tasks) && tasks[n].at.Equal(tasks[i].at) {
				total += tasks[n].qty
				n++
			}
			for _, k := range tasks[i:n] {
				switch i {
				case 0:
					assumed[k.line] = true
					work[k.line] += 51_000_000
				default:
					span := min(tasks[i].at.Sub(tasks[i-1].at).Microseconds(), int64(n-i)*255_000_000)
					if total == 0 {
						work[k.line] += span / int64(n-i)
					} else {
						work[k.line] += span * k.qty / total
					}
				}
			}
			i = n
		}
		for line, us := range work {
			p.Facts++
			p.WorkUS += us
			if assumed[line] {
				p.Assumed++
			} else {
				p.Measured++
			}
		}
	}
	return p
}
