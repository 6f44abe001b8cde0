package ndjson

import (
	"bufio"
	"bytes"
	"testing"
)

// Whatever bytes a file holds, reading and reviewing them comes to an end, and each refused line is explained.
func FuzzReview(f *testing.F) {
	f.Add([]byte(`{"event_id":"1","type":"order.released","event_time":"2026-03-02T10:00:00Z","fulfilment_id":"F","lines":[{"line":"1","sku":"A","qty_milli":1}]}`))
	f.Add([]byte(`{"topic":"x.asn","key":"D","at":"2026-03-02T10:00:00Z","value":{"event_id":"3","type":"asn.cancelled","event_time":"2026-03-02T10:00:00Z","despatch_id":"D"}}`))
	f.Add([]byte("{\"a\\u0062\":[1,{\"c\":\"\\\"\"}] , \"lines\":[ ]}\n\n[[]]\n{\"\":nul}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		lines, review := reader{in: bufio.NewReaderSize(bytes.NewReader(file), 64)}, NewReview()
		for {
			l, err := lines.next()
			if err != nil {
				return
			}
			for _, p := range review.Line(l) {
				if p.Text == "" || p.Reason == "" || p.Refused != (l.Reject != nil) {
					t.Fatalf("%q: %+v", l.Record.Value, p)
				}
			}
		}
	})
}
