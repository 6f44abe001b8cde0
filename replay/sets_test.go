package replay_test

import (
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/replay"
)

var adventureWorks = dataSet{
	want:  result(6275, map[string]int{"IN-05": 135, "IN-11": 266}, map[string]int{"IN-05": 135, "IN-11": 266}),
	files: []string{"PurchaseOrderHeader.csv", "PurchaseOrderDetail.csv"},
	alter: func(_ *testing.T, c *copied) {
		const received, rejected = 7, 8
		c.some("PurchaseOrderDetail.csv", 40, func(row []string) {
			row[received] = fmt.Sprintf("%d.%02d", 10+c.IntN(600), 25*c.IntN(4))
			row[rejected] = []string{".00", "1.50", "10.00"}[c.IntN(3)]
		})
	},
	expect: func(t *testing.T, dir string) replay.Result {
		advised, received := map[string]*big.Rat{}, map[string]*big.Rat{}
		n := map[string]int{}
		for _, row := range cells(t, filepath.Join(dir, "PurchaseOrderDetail.csv")) {
			item := row[0] + " " + row[4]
			add(advised, item, number(t, row[3]))
			add(received, item, number(t, row[7]))
			if number(t, row[8]).Sign() > 0 {
				n["IN-11"]++
			}
		}
		for item, q := range advised {
			switch received[item].Cmp(q) {
			case -1:
				n["IN-05"]++
			case 1:
				n["IN-06"]++
			}
		}
		return result(0, n, n)
	},
}

var valioAimo = dataSet{
	picks: valioPicks,
	want:  result(16260, map[string]int{"PI-01": 162, "PI-03": 313}, map[string]int{"PI-01": 162, "PI-03": 313}),
	files: []string{"valio_aimo_replacement_orders_junction_2025.csv"},
	alter: func(_ *testing.T, c *copied) {
		const confirmed, at, picked = 15, 16, 17
		c.some("valio_aimo_replacement_orders_junction_2025.csv", 150, func(row []string) {
			switch c.IntN(3) {
			case 0:
				row[confirmed], row[at], row[picked] = "1970-01-01", "000000", "0.000"
			case 1:
				row[confirmed], row[at], row[picked] = row[1], "235959", row[7]
			default:
				row[confirmed], row[at], row[picked] = row[1], "235959", fmt.Sprintf("%d.%03d", c.IntN(8), c.IntN(1000))
			}
		})
	},
	expect: func(t *testing.T, dir string) replay.Result {
		ordered, picked, weighed := map[string]*big.Rat{}, map[string]*big.Rat{}, map[string]bool{}
		for _, row := range cells(t, filepath.Join(dir, "valio_aimo_replacement_orders_junction_2025.csv"))[1:] {
			if row[15] == "" || row[15] == "1970-01-01" {
				continue
			}
			line := row[0] + "/" + row[5]
			ordered[line], weighed[line] = number(t, row[7]), row[8] == "KG"
			add(picked, line, number(t, row[17]))
		}
		n := map[string]int{}
		for line, q := range ordered {
			low, high := q, q
			if weighed[line] {
				low, high = new(big.Rat).Mul(q, big.NewRat(9, 10)), new(big.Rat).Mul(q, big.NewRat(11, 10))
			}
			if picked[line].Cmp(low) < 0 {
				n["PI-01"]++
			}
			if picked[line].Cmp(high) > 0 {
				n["PI-03"]++
			}
		}
		return result(0, n, n)
	},
}

var olist = dataSet{
	want:  result(14702, map[string]int{"CA-04": 397}, map[string]int{"CA-04": 64}),
	files: []string{"olist_orders_dataset.csv"},
	alter: func(t *testing.T, c *copied) {
		const handed, delivered, estimated = 5, 6, 7
		c.some("olist_orders_dataset.csv", 200, func(row []string) {
			if row[handed] == "" {
				return
			}
			switch c.IntN(3) {
			case 0: // lost
				row[delivered] = ""
			case 1: // promised for the very day, or the day before
				at := moment(t, row[estimated])
				row[delivered] = at.Add(time.Duration(c.IntN(48*60)-12*60) * time.Minute).Format("2006-01-02 15:04:05")
			default: // promised earlier
				row[estimated] = moment(t, row[estimated]).AddDate(0, 0, -c.IntN(30)).Format("1/2/2006 15:04")
			}
		})
	},
	expect: func(t *testing.T, dir string) replay.Result {
		raised, open := map[string]int{}, map[string]int{}
		for _, row := range cells(t, filepath.Join(dir, "olist_orders_dataset.csv"))[1:] {
			if row[5] == "" {
				continue
			}
			if row[6] == "" {
				raised["CA-04"]++
				open["CA-04"]++
			} else if next := moment(t, row[7]).Truncate(24*time.Hour).AddDate(0, 0, 1); !moment(t, row[6]).Before(next) {
				raised["CA-04"]++
			}
		}
		return result(0, raised, open)
	},
}

// moment reads both forms of olist's dates.
func moment(t *testing.T, s string) time.Time {
	t.Helper()
	layout := "2006-01-02 15:04:05"
	if strings.Contains(s, "/") {
		layout = "1/2/2006 15:04"
	}
	at, err := time.Parse(layout, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

var wideWorldImporters = dataSet{
	picks: wwiPicks,
	want:  result(144776, map[string]int{"PI-06": 2170}, map[string]int{"PI-06": 1230}),
	files: []string{"Sales.Orders.csv", "Sales.OrderLines.csv"},
	alter: func(_ *testing.T, c *copied) {
		const picked, at = 8, 9
		c.some("Sales.OrderLines.csv", 300, func(row []string) {
			switch c.IntN(3) {
			case 0: // never picked
				row[picked], row[at] = "0", ""
			case 1: // picked very late
				row[picked], row[at] = row[5], "2016-03-01 12:00:00"
			default: // picked in time, miscounted
				row[picked], row[at] = fmt.Sprint(c.IntN(200)), "2015-01-01 00:30:00"
			}
		})
	},
	expect: func(t *testing.T, dir string) replay.Result {
		due := map[string]string{}
		for _, row := range cells(t, filepath.Join(dir, "Sales.Orders.csv"))[1:] {
			due[row[0]] = row[7][:10] + " 23:59:59"
		}
		raised, open := map[string]int{}, map[string]int{}
		for _, row := range cells(t, filepath.Join(dir, "Sales.OrderLines.csv"))[1:] {
			at := row[9]
			if at == "" {
				raised["PI-06"]++
				open["PI-06"]++
				continue
			}
			if at > due[row[1]] {
				raised["PI-06"]++
			}
			code := map[int]string{-1: "PI-01", 1: "PI-03"}[number(t, row[8]).Cmp(number(t, row[5]))]
			if code != "" {
				raised[code]++
				open[code]++
			}
		}
		return result(0, raised, open)
	},
}
