package datasets_test

import (
	"os"
	"path/filepath"
	"testing"

	"andon/replay/datasets"
	"andon/schemas/event"
)

// FuzzOpen: no file of separated values makes a reader panic; each of its rows becomes events of the key that their records have, or is named.
func FuzzOpen(f *testing.F) {
	const header = "order_number,order_row_number,product_code,transfer_number,plant,sales_unit,order_qty,order_created_date,order_created_time," +
		"picking_confirmed_date,picking_confirmed_time,picking_picked_qty\n"
	for _, rows := range []string{"", "1,10,A,T1,AMS,KG,2.5,2025-03-01,80000,2025-03-01,93000,2.500\n", "1,10,A,T1,AMS,PCE,2,2025-03-01,80000,1970-01-01,0,0\n",
		"1,10,A,T1,AMS,PCE,-2,2025-03-01,250000,,,\n", "1,10\n", "\"1,10", ",,,,,,,,,,,\n"} {
		f.Add([]byte(header + rows))
	}
	f.Add([]byte(""))
	f.Add([]byte("\ufefforder_number\n1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "valio_aimo_replacement_orders_junction_2025.csv"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := datasets.Open("valio_aimo", dir)
		if err != nil {
			return
		}
		for _, r := range s.Records {
			var e event.Event
			if reject := event.Decode(r.Family, []byte(r.Key), r.Value, &e); reject == nil && (e.Key(r.Family) != r.Key || e.Time != r.EventTime) {
				t.Fatalf("%s under the key %q, at %v", r.Value, r.Key, r.EventTime)
			}
		}
		for _, skip := range s.Skipped {
			if skip.Line < 1 || skip.Why == "" {
				t.Fatalf("skipped %+v", skip)
			}
		}
	})
}
