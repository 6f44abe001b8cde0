package timeline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"andon/schemas/event"

	"pgregory.net/rapid"
)

func drawFact(t *rapid.T, i int) Fact {
	e := event.Event{
		ID: fmt.Sprint("e", i), Type: event.Type(rapid.IntRange(int(event.ASNDespatched), int(event.Correction)).Draw(t, "type")),
		Time: event.MinTime + event.Micros(rapid.Int64Range(0, 1e12).Draw(t, "time")), Content: rapid.Uint64().Draw(t, "content"),
		SKU: rapid.StringN(0, 9, 20).Draw(t, "sku"), Line: rapid.StringN(0, 4, 9).Draw(t, "line"), Lot: rapid.StringN(0, 4, 9).Draw(t, "lot"),
		Site: rapid.StringN(0, 4, 9).Draw(t, "site"), UOM: rapid.SampledFrom([]string{"", "KGM", "H87"}).Draw(t, "uom"),
		QtyMilli: rapid.Int64Range(0, event.MaxQtyMilli).Draw(t, "qty"), RejectedQtyMilli: rapid.Int64Range(0, 9).Draw(t, "rejected"),
		Status: event.Status(rapid.IntRange(0, int(event.Unmapped)).Draw(t, "status")), Condition: event.Condition(rapid.IntRange(0, 4).Draw(t, "condition")),
		Revision: int32(rapid.IntRange(0, 9).Draw(t, "revision")), LineClosed: rapid.Bool().Draw(t, "closed"),
		PromiseDeliverBy: event.Micros(rapid.Int64Range(0, 1e15).Draw(t, "promise")), Retracts: fmt.Sprint("e", rapid.IntRange(0, 9).Draw(t, "retracts")),
	}
	for range rapid.IntRange(0, 3).Draw(t, "lines") {
		e.Lines = append(e.Lines, event.Line{Line: "1", SKU: rapid.StringN(1, 9, 20).Draw(t, "item"), QtyMilli: rapid.Int64Range(0, 1e9).Draw(t, "planned"), UOM: "KGM",
			UnitCostMinor: 0, Currency: rapid.SampledFrom([]string{"", "EUR"}).Draw(t, "currency")})
	}
	e.Service, e.Source = rapid.StringN(0, 4, 9).Draw(t, "service"), rapid.StringN(0, 4, 9).Draw(t, "source")
	e.WeightG, e.TaskID, e.CartonID = rapid.Int64Range(0, 3).Draw(t, "weight")*1234, rapid.StringN(0, 1, 9).Draw(t, "task"), rapid.StringN(0, 1, 9).Draw(t, "carton")
	e.OrderID, e.Facility = rapid.StringN(0, 4, 9).Draw(t, "order"), rapid.StringN(0, 4, 9).Draw(t, "facility")
	if rapid.Bool().Draw(t, "priced") {
		e.FreightMinor, e.DeclaredValueMinor, e.Currency = rapid.Int64Range(0, 1e12).Draw(t, "freight"), 7, "JPY"
	}
	var f Fact
	Of(&e, e.Time+event.Micros(rapid.Int64Range(-1e9, 1e9).Draw(t, "lag")), 0, &f, &Document{})
	return f
}

// What is encoded is read back as it was, and encodes to the same bytes.
func TestCodecRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var written, read Timeline
		for i := range rapid.IntRange(0, 12).Draw(t, "facts") {
			f := drawFact(t, i)
			written.Add(&f)
		}
		b := written.Append(nil)
		if err := read.Load(b); err != nil {
			t.Fatal(err)
		}
		if a, b := tell(written.facts), tell(read.facts); a != b {
			t.Fatalf("wrote %s\nread  %s", a, b)
		}
		if again := read.Append(nil); !bytes.Equal(again, b) {
			t.Fatal("the bytes changed")
		}
	})
}

// The head of a fact has five bits for its type and its status, three for its condition.
func TestHeadHoldsEveryName(t *testing.T) {
	if event.ClockTick > 31 || event.Unmapped > 31 || event.Rejected > 7 {
		t.Error("the encoding needs more bits")
	}
}

// tell writes facts down with the documents they point to.
func tell(facts []Fact) string {
	var b strings.Builder
	for _, f := range facts {
		d := f.Doc
		f.Doc = nil
		fmt.Fprintf(&b, "%+v", f)
		if d != nil {
			fmt.Fprintf(&b, " %+v", *d)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A fact added at the end extends the bytes that were there; the result is what writing all anew gives.
func TestAppendedFactExtendsTheBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole, grown Timeline
		var b []byte
		for i := range rapid.IntRange(0, 12).Draw(t, "facts") {
			f := drawFact(t, i)
			g := f
			if f.Doc != nil {
				d := *f.Doc
				g.Doc = &d
			}
			whole.Add(&f)
			if err := grown.Load(b); err != nil {
				t.Fatal(err)
			}
			grown.Add(&g)
			if new, extends := grown.AppendNew(nil); extends {
				b = slices.Concat(b, new)
			} else {
				b = new
			}
		}
		if !bytes.Equal(b, whole.Append(nil)) {
			t.Fatal("the bytes are others")
		}
	})
}

// Bytes that are not ours give an error, or a timeline that is written and read again as it is; never a panic.
func FuzzLoad(f *testing.F) {
	var t Timeline
	e := event.Event{ID: "a", Type: event.OrderReleased, Time: event.MinTime, Lines: []event.Line{{Line: "1", SKU: "A", QtyMilli: 5}}}
	var fact Fact
	Of(&e, e.Time, 0, &fact, &Document{})
	t.Add(&fact)
	f.Add(t.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var tl Timeline
		if tl.Load(b) != nil {
			return
		}
		once := tl.Append(nil)
		if err := tl.Load(once); err != nil || !bytes.Equal(once, tl.Append(nil)) {
			t.Fatalf("%x is written as %x and then as %x: %v", b, once, tl.Append(nil), err)
		}
	})
}

func add(t *Timeline, id string, content uint64, record event.Micros, e event.Event) Outcome {
	e.ID, e.Content = id, content
	var f Fact
	Of(&e, record, 0, &f, &Document{})
	return t.Add(&f)
}

func TestSameIDOtherContent(t *testing.T) {
	scan := event.Event{Type: event.CarrierScan, Status: event.Accepted, Time: event.MinTime}
	var tl Timeline
	for i, step := range []struct {
		content uint64
		record  event.Micros
		want    Outcome
		stands  uint32
	}{
		{content: 5, record: 10, want: Done, stands: 5},
		{content: 5, record: 12, want: Duplicate, stands: 5}, // seen again at 12
		{content: 9, record: 11, want: Duplicate, stands: 5}, // stated before that
		{content: 4, record: 12, want: Duplicate, stands: 5}, // at the same time: the larger content
		{content: 6, record: 12, want: Done, stands: 6},
		{content: 1, record: 20, want: Done, stands: 1},
	} {
		if got := add(&tl, "a", step.content, step.record, scan); got != step.want || tl.Live[0].Content != step.stands {
			t.Errorf("step %d: outcome %d, content %d stands", i, got, tl.Live[0].Content)
		}
	}
}

func TestCorrectionMayComeFirst(t *testing.T) {
	var tl Timeline
	at := event.MinTime
	if got := add(&tl, "c", 1, at, event.Event{Type: event.Correction, Retracts: "a", Time: at}); got != Parked {
		t.Errorf("correction of an unknown event: %d", got)
	}
	if got := add(&tl, "a", 2, at, event.Event{Type: event.CarrierScan, Status: event.Delivered, Time: at}); got != Done || len(tl.Live) != 0 {
		t.Errorf("outcome %d, live %d", got, len(tl.Live))
	}
	if got := add(&tl, "d", 3, at, event.Event{Type: event.Correction, Retracts: "a", Time: at}); got != Done {
		t.Errorf("second correction: %d", got)
	}
}

// A parcel scanned without end keeps the first and last scan of each status and the latest ones, whatever the order of arrival.
func TestOldScansAreThinned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var scans []int
		for i := range 120 {
			scans = append(scans, i)
		}
		fold := func(order []int) []byte {
			var tl Timeline
			for _, i := range order {
				status := event.Accepted + event.Status(i%4)
				add(&tl, fmt.Sprint("s", i), uint64(i), event.MinTime, event.Event{Type: event.CarrierScan, Status: status, Time: event.MinTime + event.Micros(i)*event.Hour})
			}
			if n := len(tl.Live); n > MaxScans+8 || tl.Live[0].Time != event.MinTime || tl.Live[n-1].Time != event.MinTime+119*event.Hour {
				t.Fatalf("%d scans kept", n)
			}
			return tl.Append(nil)
		}
		if !bytes.Equal(fold(scans), fold(rapid.Permutation(slices.Concat(scans, scans)).Draw(t, "order"))) {
			t.Fatal("the order of arrival shows")
		}
	})
}

// GTIN-8, -12, -13 and -14 of one item are one number; what is no GTIN stays as its owner writes it.
func TestItemsAreNumberedOneWay(t *testing.T) {
	for _, c := range []struct{ gtin, sku, want string }{
		{"96385074", "A", "00000096385074"}, {"036000291452", "", "00036000291452"}, {"4006381333931", "", "04006381333931"}, {"10614141000736", "", "10614141000736"},
		{"", "036000291452", "036000291452"}, {"12345", "", "12345"}, {"40063813339X1", "", "40063813339X1"},
	} {
		if got := item(c.gtin, c.sku); got != c.want {
			t.Errorf("GTIN %q, SKU %q: %q, want %q", c.gtin, c.sku, got, c.want)
		}
	}
}

// What a manifest, an advice and a label say beside costs a few bytes where it is said, and none where it is not.
func TestWhatIsNotSaidTakesNoRoom(t *testing.T) {
	size := func(e event.Event) int {
		var tl Timeline
		add(&tl, "a", 1, event.MinTime, e)
		return len(tl.Append(nil))
	}
	for _, c := range []struct {
		bare, said event.Event
		room       int
	}{
		{event.Event{Type: event.ShipmentManifested}, event.Event{Type: event.ShipmentManifested, Service: "NEXT", WeightG: 900}, 5 + 2},
		{event.Event{Type: event.ASNDespatched}, event.Event{Type: event.ASNDespatched, Source: "S"}, 2},
		{event.Event{Type: event.PickConfirmed}, event.Event{Type: event.PickConfirmed, TaskID: "TASK-1"}, 0},
		{event.Event{Type: event.LabelCreated}, event.Event{Type: event.LabelCreated, CartonID: "C1"}, 0},
	} {
		c.bare.Time, c.said.Time = event.MinTime, event.MinTime
		if bare, said := size(c.bare), size(c.said); said-bare != c.room {
			t.Errorf("%s: %d bytes, with all of it %d", c.bare.Type, bare, said)
		}
	}
}
