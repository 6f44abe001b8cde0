package event_test

import (
	"testing"

	"andon/schemas/event"
)

// Both decoders on a sample of a simulated day.
func BenchmarkDecode(b *testing.B) {
	day := examplesIn(b, "testdata/day.ndjson")
	keys, bytes := make([][]byte, len(day)), 0
	for i, x := range day {
		keys[i] = []byte(x.key)
		bytes += len(x.value)
	}
	for _, d := range []struct {
		name   string
		decode func(event.Family, []byte, []byte, *event.Event) error
	}{{"own", event.Decode}, {"oracle", event.Oracle}} {
		b.Run(d.name, func(b *testing.B) {
			b.SetBytes(int64(bytes / len(day)))
			b.ReportAllocs()
			var e event.Event
			for i := 0; b.Loop(); i++ {
				x := &day[i%len(day)]
				if err := d.decode(x.family, keys[i%len(day)], x.value, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
