package detectors_test

import (
	"fmt"
	"testing"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/event"
)

// BenchmarkStep folds scans of open parcels, in beats of 20,000, drawn evenly over the parcels; time per operation is time per event.
func BenchmarkStep(b *testing.B) {
	for _, parcels := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(parcels), func(b *testing.B) {
			e, err := detectors.New(event.Carrier, setting.Settings{Clock: setting.Log})
			if err != nil {
				b.Fatal(err)
			}
			fold := func(items []beat.Item) {
				e.Step(beat.Batch{Items: items})
				e.Settle(nil)
				e.Keep()
			}
			for n := range parcels {
				fold([]beat.Item{parcel(n, start+900*event.Day)})
			}
			const size = 20_000
			items := make([]beat.Item, size)
			n := uint64(0)
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += size {
				b.StopTimer()
				for i := range items {
					n++
					items[i] = parcel(int(n*2654435761%uint64(parcels)), 0)
					ev := &items[i].Event
					ev.ID, ev.Type, ev.Status, ev.Content = fmt.Sprint("s", n), event.CarrierScan, event.InTransit, n
					ev.Time = start + event.Hour + event.Micros(n)*event.Second/100
				}
				b.StartTimer()
				fold(items)
			}
		})
	}
}
