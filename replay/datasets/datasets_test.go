package datasets_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"andon/replay/datasets"
	"andon/schemas/event"
)

// sample is a small data set: its files, what is read from them, and which rows are not.
type sample struct {
	files   map[string]string
	events  []string
	skipped []string
}

// dates as in each set: local, without zone, some with a fraction, some with minutes only.
var samples = map[string]sample{
	"adventureworks": {
		files: map[string]string{
			"PurchaseOrderHeader.csv": tabbed(
				"1 5 4 258 1580 3 2022-04-15_00:00:00.000 2022-04-24_00:00:00.000 201.04 16.08 5.02 222.14 2022-04-24_00:00:00.000",
				"2 5 1 258 1580 3 2022-02-30_00:00:00.000 2022-04-24_00:00:00.000 201.04 16.08 5.02 222.14 2022-04-24_00:00:00.000"),
			"PurchaseOrderDetail.csv": tabbed(
				"1 1 2022-04-29_00:00:00.000 4 1 50.26 201.04 3.00 .00 3.00 2022-04-22_00:00:00.000",
				"1 2 2022-04-29_00:00:00.000 550 359 45.12 135.36 550.00 1.50 548.50 2022-04-23_00:00:00.250",
				"2 3 2022-04-29_00:00:00.000 3 359 45.12 135.36 3.00 .00 3.00 2022-04-22_00:00:00.000",
				"1 4 2022-04-29_00:00:00.000 3 359 45.12 135.36 3.00 4.00 .00 2022-04-22_00:00:00.000",
				"1 5 2022-04-29_00:00:00.000 three 359 45.12 135.36 3.00 .00 3.00 2022-04-22_00:00:00.000"),
		},
		events: []string{
			"2022-04-15T00:00:00Z asn.despatched PO-1 [1:1=4000 2:359=550000]",
			"2022-04-22T00:00:00Z receipt.line PO-1 1:1=3000",
			"2022-04-23T00:00:00.25Z receipt.line PO-1 2:359=550000 rejected 1500",
			"2022-04-23T00:00:00.25Z receipt.closed PO-1",
		},
		skipped: []string{
			`PurchaseOrderHeader.csv:2: OrderDate: "2022-02-30 00:00:00.000" is no date between 1990 and 2100`,
			"PurchaseOrderDetail.csv:3: PurchaseOrderID: no such order in PurchaseOrderHeader.csv",
			"PurchaseOrderDetail.csv:4: RejectedQty: more rejected than received",
			`PurchaseOrderDetail.csv:5: OrderQty: "three" is no quantity of at most three decimals`,
		},
	},
	"cargo2000": {
		files: map[string]string{"c2k_data_comma.csv": cargo(
			"i1 100 110 60 50 7 300 400 9 200 210;o 500 480 90 100 9 600 700 3 120 130",
			"i1 100 110 60 50 7 300 400 9 200 210;i2 90 80 60 50 4 100 100 9 0 0;o 500 480 90 100 9 600 700 3 120 130",
			"o 1 1 1 1 1 1 1 1 1 1",
			"i1 -1 110 60 50 7 300 400 9 200 210;o 500 480 90 100 9 600 700 3 120 130")},
		events: []string{
			"2014-01-01T04:00:00Z shipment.manifested CARGO2000/C1 promise 2014-01-02T12:50:00Z",
			"2014-01-01T05:50:00Z carrier.scan CARGO2000/C1 ACCEPTED",
			"2014-01-01T05:50:00Z carrier.eta CARGO2000/C1 by 2014-01-02T13:00:00Z",
			"2014-01-01T06:40:00Z carrier.scan CARGO2000/C1 DEPARTED_FACILITY at 7",
			"2014-01-01T06:40:00Z carrier.eta CARGO2000/C1 by 2014-01-02T12:50:00Z",
			"2014-01-01T08:00:00Z shipment.manifested CARGO2000/C2 promise 2014-01-02T16:50:00Z",
			"2014-01-01T09:20:00Z carrier.scan CARGO2000/C2 ACCEPTED",
			"2014-01-01T09:20:00Z carrier.eta CARGO2000/C2 by 2014-01-02T16:50:00Z",
			"2014-01-01T09:50:00Z carrier.scan CARGO2000/C2 ACCEPTED",
			"2014-01-01T09:50:00Z carrier.eta CARGO2000/C2 by 2014-01-02T17:00:00Z",
			"2014-01-01T10:10:00Z carrier.scan CARGO2000/C2 DEPARTED_FACILITY at 4",
			"2014-01-01T10:10:00Z carrier.eta CARGO2000/C2 by 2014-01-02T17:00:00Z",
			"2014-01-01T10:40:00Z carrier.scan CARGO2000/C2 DEPARTED_FACILITY at 7",
			"2014-01-01T10:40:00Z carrier.eta CARGO2000/C2 by 2014-01-02T16:50:00Z",
			"2014-01-01T11:50:00Z carrier.scan CARGO2000/C2 ARRIVED_FACILITY at 9",
			"2014-01-01T11:50:00Z carrier.eta CARGO2000/C2 by 2014-01-02T16:50:00Z",
			"2014-01-01T13:20:00Z carrier.scan CARGO2000/C1 ARRIVED_FACILITY at 9",
			"2014-01-01T13:20:00Z carrier.eta CARGO2000/C1 by 2014-01-02T14:30:00Z",
			"2014-01-01T16:50:00Z carrier.scan CARGO2000/C1 ARRIVED_FACILITY",
			"2014-01-01T16:50:00Z carrier.eta CARGO2000/C1 by 2014-01-02T14:40:00Z",
			"2014-01-01T17:20:00Z carrier.scan CARGO2000/C2 ARRIVED_FACILITY at 9",
			"2014-01-01T17:20:00Z carrier.eta CARGO2000/C2 by 2014-01-02T18:30:00Z",
			"2014-01-01T20:50:00Z carrier.scan CARGO2000/C2 ARRIVED_FACILITY",
			"2014-01-01T20:50:00Z carrier.eta CARGO2000/C2 by 2014-01-02T18:40:00Z",
			"2014-01-02T00:50:00Z carrier.scan CARGO2000/C1 IN_TRANSIT",
			"2014-01-02T00:50:00Z carrier.eta CARGO2000/C1 by 2014-01-02T14:20:00Z",
			"2014-01-02T02:30:00Z carrier.scan CARGO2000/C1 IN_TRANSIT at 9",
			"2014-01-02T02:30:00Z carrier.eta CARGO2000/C1 by 2014-01-02T14:30:00Z",
			"2014-01-02T04:50:00Z carrier.scan CARGO2000/C2 IN_TRANSIT",
			"2014-01-02T04:50:00Z carrier.eta CARGO2000/C2 by 2014-01-02T18:20:00Z",
			"2014-01-02T06:30:00Z carrier.scan CARGO2000/C2 IN_TRANSIT at 9",
			"2014-01-02T06:30:00Z carrier.eta CARGO2000/C2 by 2014-01-02T18:30:00Z",
			"2014-01-02T14:10:00Z carrier.scan CARGO2000/C1 OUT_FOR_DELIVERY at 3",
			"2014-01-02T14:10:00Z carrier.eta CARGO2000/C1 by 2014-01-02T16:10:00Z",
			"2014-01-02T16:20:00Z carrier.scan CARGO2000/C1 DELIVERED",
			"2014-01-02T18:10:00Z carrier.scan CARGO2000/C2 OUT_FOR_DELIVERY at 3",
			"2014-01-02T18:10:00Z carrier.eta CARGO2000/C2 by 2014-01-02T20:10:00Z",
			"2014-01-02T20:20:00Z carrier.scan CARGO2000/C2 DELIVERED",
		},
		skipped: []string{
			"c2k_data_comma.csv:4: legs: no inbound or no outbound leg",
			`c2k_data_comma.csv:5: i1_rcs_p: "-1" is no number of minutes`,
		},
	},
	"valio_aimo": {
		files: map[string]string{"valio_aimo_replacement_orders_junction_2025.csv": `order_number,order_created_date,order_created_time,order_row_number,product_code,order_qty,sales_unit,plant,transfer_number,picking_confirmed_date,picking_confirmed_time,picking_picked_qty
7,2024-09-02,070832,10,410397,2.500,KG,30588,1,2024-09-02,082024,1.250
7,2024-09-02,070832,20,406468,1.000,ST,30588,1,1970-01-01,000000,0.000
7,2024-09-02,070832,10,410397,2.500,KG,30588,2,2024-09-02,082024,1.000
7,2024-09-02,070832,10,410397,2.500,KG,30588,3,2024-09-02,082023,0.250
7,2024-09-02,070832,10,410397,2.500,KG,30588,3,2024-09-02,082023,0.250
8,2024-09-02,080000,10,406468,1.000,ST,30588,4,,,
8,2024-09-02,080000,20,406468,1.000,ST,30588,4,2024-09-02,,x
`},
		events: []string{
			"2024-09-02T07:08:32Z order.released 7 [10:410397=2500KGM 20:406468=1000ST]",
			"2024-09-02T08:00:00Z order.released 8 [10:406468=1000ST]",
			"2024-09-02T08:20:23Z pick.confirmed 7 10:410397=250KGM",
			"2024-09-02T08:20:23Z pick.confirmed 7 10:410397=250KGM",
			"2024-09-02T08:20:24Z pick.confirmed 7 10:410397=1250KGM",
			"2024-09-02T08:20:24Z pick.confirmed 7 10:410397=1000KGM closed",
		},
		skipped: []string{`valio_aimo_replacement_orders_junction_2025.csv:8: picking_picked_qty: "x" is no quantity of at most three decimals`},
	},
	"olist": {
		files: map[string]string{"olist_orders_dataset.csv": `order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date
a,c,delivered,10/2/2017 10:56,10/2/2017 11:07,10/4/2017 19:55,10/10/2017 21:25,10/18/2017 0:00
b,c,shipped,2017-10-02 10:56:33,,2017-10-04 19:55:01,,2017-10-18 00:00:00
c,c,invoiced,10/2/2017 10:56,,,,
d,c,shipped,10/2/2017 10:56,,10/4/2017 19:55,,18/10/2017
e,"c
`},
		events: []string{
			"2017-10-04T19:55:00Z shipment.manifested OLIST/a promise 2017-10-18T23:59:59Z",
			"2017-10-04T19:55:00Z carrier.scan OLIST/a ACCEPTED",
			"2017-10-04T19:55:01Z shipment.manifested OLIST/b promise 2017-10-18T23:59:59Z",
			"2017-10-04T19:55:01Z carrier.scan OLIST/b ACCEPTED",
			"2017-10-10T21:25:00Z carrier.scan OLIST/a DELIVERED",
		},
		skipped: []string{
			`olist_orders_dataset.csv:5: order_estimated_delivery_date: "18/10/2017" is no date between 1990 and 2100`,
			`olist_orders_dataset.csv:6: extraneous or missing " in quoted-field`,
		},
	},
	"wwi": {
		files: map[string]string{
			"Sales.Orders.csv": "\ufeffOrderID,OrderDate,ExpectedDeliveryDate\n1,2015-01-01 00:00:00,2015-01-02 00:00:00\n",
			"Sales.OrderLines.csv": `OrderLineID,OrderID,StockItemID,Description,Quantity,PickedQuantity,PickingCompletedWhen
11,1,72,"a ""quoted"" mug,
two lines",10,10,2015-01-01 11:00:00
12,1,45,plain,3,0,
13,2,45,plain,3,0,
`,
		},
		events: []string{
			"2015-01-01T00:00:00Z order.released 1-11 [11:72=10000] ship by 2015-01-02T23:59:59Z",
			"2015-01-01T00:00:00Z order.released 1-12 [12:45=3000] ship by 2015-01-02T23:59:59Z",
			"2015-01-01T11:00:00Z pick.confirmed 1-11 11:72=10000 closed",
		},
		skipped: []string{"Sales.OrderLines.csv:5: OrderID: no such order in Sales.Orders.csv"},
	},
}

func tabbed(rows ...string) string {
	return strings.NewReplacer(" ", "\t", "_", " ").Replace(strings.Join(rows, "\n")) + "\n"
}

// cargo is a file of shipments: of each leg its name, then planned and effective minutes of RCS, DEP, RCF and DLV, the middle two with a place.
func cargo(rows ...string) string {
	var header, text strings.Builder
	var names []string
	for _, leg := range []string{"i1", "i2", "i3", "o"} {
		names = append(names, leg+"_rcs_p", leg+"_rcs_e")
		for hop := 1; hop <= 3; hop++ {
			for _, m := range []string{"dep", "rcf"} {
				names = append(names, fmt.Sprintf("%s_%s_%d_p", leg, m, hop), fmt.Sprintf("%s_%s_%d_e", leg, m, hop), fmt.Sprintf("%s_%s_%d_place", leg, m, hop))
			}
		}
		names = append(names, leg+"_dlv_p", leg+"_dlv_e")
	}
	header.WriteString(strings.Join(names, ",") + "\n")
	for _, row := range rows {
		cells := map[string]string{}
		for leg := range strings.SplitSeq(row, ";") {
			values := strings.Fields(leg)
			for i, name := range []string{"rcs_p", "rcs_e", "dep_1_p", "dep_1_e", "dep_1_place", "rcf_1_p", "rcf_1_e", "rcf_1_place", "dlv_p", "dlv_e"} {
				cells[values[0]+"_"+name] = values[1+i]
			}
		}
		for i, name := range names {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(cmp.Or(cells[name], "0"))
		}
		text.WriteByte('\n')
	}
	return header.String() + text.String()
}

func TestSamples(t *testing.T) {
	if names := datasets.Names(); len(names) != len(samples) {
		t.Errorf("a sample for each of %v", names)
	}
	for name, want := range samples {
		t.Run(name, func(t *testing.T) {
			set, err := datasets.Open(name, write(t, want.files))
			if err != nil {
				t.Fatal(err)
			}
			var got, skipped []string
			ids := map[string]bool{}
			for _, r := range set.Records {
				var e event.Event
				if err := event.Decode(r.Family, []byte(r.Key), r.Value, &e); err != nil {
					t.Fatalf("%s: %v", r.Value, err)
				}
				if r.At != e.Time || ids[e.ID] || e.Source != name {
					t.Errorf("%s: arrived %s, id seen before: %v", r.Value, r.At, ids[e.ID])
				}
				ids[e.ID] = true
				got = append(got, describe(&e, r.Key))
			}
			for _, s := range set.Skipped {
				skipped = append(skipped, s.String())
			}
			if !slices.Equal(got, want.events) {
				t.Errorf("events:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want.events, "\n"))
			}
			if !slices.Equal(skipped, want.skipped) {
				t.Errorf("skipped:\n%s\nwant:\n%s", strings.Join(skipped, "\n"), strings.Join(want.skipped, "\n"))
			}
		})
	}
}

func describe(e *event.Event, key string) string {
	s := fmt.Sprintf("%s %s %s", e.Time, e.Type, key)
	if len(e.Lines) > 0 {
		var lines []string
		for _, l := range e.Lines {
			lines = append(lines, fmt.Sprintf("%s:%s=%d%s", l.Line, l.SKU, l.QtyMilli, l.UOM))
		}
		s += fmt.Sprint(" ", lines)
	}
	if e.Line != "" {
		s += fmt.Sprintf(" %s:%s=%d%s", e.Line, e.SKU, e.QtyMilli, e.UOM)
	}
	if e.RejectedQtyMilli > 0 {
		s += fmt.Sprint(" rejected ", e.RejectedQtyMilli)
	}
	if e.Status != event.NoStatus {
		s += " " + e.Status.String()
	}
	if e.PromiseDeliverBy > 0 {
		s += " promise " + e.PromiseDeliverBy.String()
	}
	if e.ShipBy > 0 {
		s += " ship by " + e.ShipBy.String()
	}
	if e.Facility != "" {
		s += " at " + e.Facility
	}
	if e.ETA > 0 {
		s += " by " + e.ETA.String()
	}
	if e.LineClosed {
		s += " closed"
	}
	return s
}

func write(t *testing.T, files map[string]string) (dir string) {
	dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	if _, err := datasets.Open("nowhere", "."); err == nil || !strings.Contains(err.Error(), "adventureworks") {
		t.Errorf("unknown name: %v", err)
	}
	dir := t.TempDir()
	if _, err := datasets.Open("wwi", dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "Sales.Orders.csv")) {
		t.Errorf("missing file: %v", err)
	}
	set, err := datasets.Open("olist", write(t, map[string]string{"olist_orders_dataset.csv": "order,when\n1,2\n"}))
	if err != nil || len(set.Skipped) != 1 || set.Skipped[0].Why != "order_id: no such column" {
		t.Errorf("missing column: %v, %+v", err, set)
	}
}
