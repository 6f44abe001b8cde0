package clickhouse_test

import (
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"andon/pipeline"
	"andon/schemas/cost"
	"andon/schemas/event"
)

// price is record i of a costs partition: two facts of each id.
func price(i int) pipeline.Record { return priceOn(0, i) }

// monthlyPrice likewise, but of 7 months.
func monthlyPrice(i int) pipeline.Record { return priceOn(event.Micros(i%7)*31*event.Day, i) }

func priceOn(day event.Micros, i int) pipeline.Record {
	amount := int64(i) * 1_000_003
	c := cost.Cost{
		Tenant: "default", Component: cost.PickLabour, Subject: fmt.Sprintf("F-%d", i/6), Part: fmt.Sprint(i / 2), OrderID: fmt.Sprintf("O-%d", i/6),
		Site: "AMS1", Item: fmt.Sprintf("sku-%d", i%1000), IncurredAt: base + day + event.Micros(i%86400)*event.Second, Basis: cost.Measured,
		WorkUS: int64(i), QtyMilli: 1000, AmountMicro: &amount, Currency: "EUR", Rates: "r1",
	}
	return fact(i, c)
}

func fact(i int, c cost.Cost) pipeline.Record {
	c.ID = cost.NewID(c.Tenant, c.Component, c.Subject, c.Part)
	return pipeline.Record{Offset: int64(i), At: arrived, Key: []byte(c.ID.String()), Value: cost.Append(nil, &c)}
}

// A day's work of two tenants in two currencies, some of it unknown, with corrections, withdrawals and work counted anew after one.
func work(random *rand.Rand, n int) (facts []cost.Cost) {
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	for i := range n {
		c := cost.Cost{
			Tenant: pick("acme", "other"), Component: cost.Component(pick("pick_labour", "pack_labour", "material", "receiving_labour", "freight")),
			Site: pick("AMS1", "LIE2", ""), IncurredAt: base + event.Micros(random.IntN(40))*event.Day + event.Micros(random.IntN(int(event.Day))),
			Basis: cost.Basis(pick("measured", "assumed")), QtyMilli: int64(random.IntN(5000)), Rates: "r1", Withdrawn: random.IntN(10) == 0,
		}
		fulfilment := fmt.Sprint(random.IntN(n / 8)) // few, so that many facts correct an earlier one
		c.Subject = "F-" + fulfilment
		if random.IntN(3) > 0 {
			c.OrderID = "O-" + fulfilment
		}
		if c.Component != cost.Freight {
			c.Part = pick("1", "2")
		}
		if random.IntN(5) > 0 && i%50 > 7 {
			amount := random.Int64N(1 << 57) // beyond what a float can count
			c.AmountMicro, c.Currency = &amount, pick("JPY", "KWD")
		}
		facts = append(facts, c)
	}
	return facts
}

// ledger adds up what the roll-up should show, by plain addition.
type ledger struct {
	sum                              map[string]*big.Int // by component and "total"
	count                            map[string]int64
	orders                           map[string]bool
	lines, units, shipments, receipt int64
}

func newLedger() *ledger {
	return &ledger{sum: map[string]*big.Int{}, count: map[string]int64{}, orders: map[string]bool{}}
}

func (l *ledger) pay(what string, micro int64) {
	if l.sum[what] == nil {
		l.sum[what] = new(big.Int)
	}
	l.sum[what].Add(l.sum[what], big.NewInt(micro))
}

func (l *ledger) show(what string) string {
	if l.sum[what] == nil {
		return "NULL"
	}
	return l.sum[what].String()
}

// per is the sum for each of n thousandths.
func (l *ledger) per(what string, milli int64) string {
	if l.sum[what] == nil || milli == 0 {
		return "NULL"
	}
	q := new(big.Int).Mul(l.sum[what], big.NewInt(1000))
	return q.Quo(q, big.NewInt(milli)).String()
}

// addUp is the roll-up of the facts in the order they were written.
func addUp(facts []cost.Cost) (lines []string) {
	current := map[string]cost.Cost{}
	for _, c := range facts {
		current[strings.Join([]string{c.Tenant, string(c.Component), c.Subject, c.Part}, "|")] = c
	}
	places, amounts := map[string]*ledger{}, map[string]map[string]*ledger{}
	for _, c := range current {
		if c.Withdrawn {
			continue
		}
		place := fmt.Sprintf("%s|%s|%s", c.Tenant, c.IncurredAt.UTC().Format("2006-01-02"), c.Site)
		if places[place] == nil {
			places[place], amounts[place] = newLedger(), map[string]*ledger{}
		}
		places[place].countFact(c)
		if c.AmountMicro == nil {
			continue
		}
		if amounts[place][c.Currency] == nil {
			amounts[place][c.Currency] = newLedger()
		}
		amounts[place][c.Currency].addFact(c)
	}
	for place, counts := range places {
		if len(amounts[place]) == 0 {
			amounts[place][""] = newLedger()
		}
		for currency, sums := range amounts[place] {
			lines = append(lines, place+"|"+currency+"|"+row(counts, sums))
		}
	}
	slices.Sort(lines)
	return lines
}

// countFact counts what a fact says beside money.
func (l *ledger) countFact(c cost.Cost) {
	switch c.Component {
	case cost.PickLabour:
		l.lines++
		l.units += c.QtyMilli
	case cost.Freight:
		l.shipments++
	case cost.ReceivingLabour:
		l.receipt++
	case cost.PackLabour, cost.Material:
	}
	if c.Component != cost.ReceivingLabour && (c.OrderID != "" || c.Component != cost.Freight) {
		l.orders[cmp.Or(c.OrderID, "fulfilment "+c.Subject)] = true
	}
	if c.AmountMicro == nil {
		l.count[string(c.Component)+" unknown"]++
	}
}

func (l *ledger) addFact(c cost.Cost) {
	l.pay(string(c.Component), *c.AmountMicro)
	if c.Component == cost.ReceivingLabour {
		l.count["receiving "+string(c.Basis)]++
		return
	}
	l.pay("total", *c.AmountMicro)
	l.count[string(c.Basis)]++
}

func row(counts, sums *ledger) string {
	orders := int64(len(counts.orders))
	return fmt.Sprint(orders, "|", counts.lines, "|", counts.units, "|", counts.shipments, "|", strings.Join([]string{
		sums.show("pick_labour"), sums.show("pack_labour"), sums.show("material"), sums.show("freight"), sums.show("total"),
		sums.per("total", 1000*orders), sums.per("total", 1000*counts.lines), sums.per("total", counts.units), sums.per("total", 1000*counts.shipments),
	}, "|"), "|", sums.count["measured"], "|", sums.count["assumed"], "|",
		counts.count["pick_labour unknown"], "|", counts.count["pack_labour unknown"], "|", counts.count["material unknown"], "|", counts.count["freight unknown"], "|",
		counts.receipt, "|", sums.show("receiving_labour"), "|", sums.per("receiving_labour", 1000*counts.receipt), "|",
		sums.count["receiving measured"], "|", sums.count["receiving assumed"], "|", counts.count["receiving_labour unknown"])
}

// The roll-up is compared with a sum over the same facts that shares nothing with it. They come in several blocks, one of them twice.
func TestCostPerOrderIsThePlainSum(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	facts := work(rand.New(rand.NewPCG(3, 4)), 3000)
	table := db.Costs(silent)
	for block, from := range []int{0, 1000, 2000, 1000} {
		var list []pipeline.Record
		for i, c := range facts[from : from+1000] {
			list = append(list, fact(from+i, c))
		}
		if done, err := table.Insert(t.Context(), fmt.Sprint(block), paid, list); err != nil || done.Rows != 1000 {
			t.Fatalf("block %d: %+v, %v", block, done, err)
		}
	}
	refresh(t, name)
	want, is := addUp(facts), rollUp(t, name)
	if len(want) < 20 || len(is) != len(want) {
		t.Errorf("the roll-up has %d rows, the sum %d", len(is), len(want))
	}
	for i := range min(len(is), len(want)) {
		if is[i] != want[i] {
			t.Errorf("the roll-up says\n%s, the sum\n%s", is[i], want[i])
		}
	}
	for what, pattern := range map[string]string{"no price known": `\|\|.*\|NULL\|`, "no orders": `[A-Z]\|0\|`, "two currencies": `\|AMS1\|JPY\|`} {
		if !regexp.MustCompile(pattern).MatchString(strings.Join(want, "\n")) {
			t.Errorf("the facts show no day with %s", what)
		}
	}
}

// rollUp reads all columns in the order of the table, amounts in millionths.
func rollUp(t *testing.T, database string) []string {
	t.Helper()
	conn := connect(t, "default")
	columns := one[[]string](t, conn, fmt.Sprintf(`SELECT groupArray(if(type LIKE '%%Decimal%%', 'ifNull(toString(toInt128(' || name || ' * 1000000)), \'NULL\')',
		'toString(' || name || ')')) FROM (SELECT name, type FROM system.columns WHERE database = '%s' AND table = 'cost_per_order_daily' ORDER BY position)`, database))
	return one[[]string](t, conn, fmt.Sprintf("SELECT arraySort(groupArray(concatWithSeparator('|', %s))) FROM %s.cost_per_order_daily",
		strings.Join(columns, ", "), database))
}

// refresh fills the roll-up now.
func refresh(t *testing.T, database string) {
	t.Helper()
	conn := connect(t, "default")
	exec(t, conn, "SYSTEM REFRESH VIEW "+database+".cost_per_order_daily_refresh")
	exec(t, conn, "SYSTEM WAIT VIEW "+database+".cost_per_order_daily_refresh")
}
