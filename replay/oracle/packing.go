package oracle

import (
	"slices"

	"andon/schemas/event"
)

// packing: PA-01, for each item that was picked or packed, when no more is to be packed.
func (s *story) packing() {
	picks, packs := s.of(event.PickConfirmed), s.of(event.PackItem)
	done, ok := s.packed()
	nameless := func(r fact) bool { return r.Item() == "" }
	if !ok || done > s.end || len(picks) == 0 || len(packs) == 0 || slices.ContainsFunc(picks, nameless) || slices.ContainsFunc(packs, nameless) {
		return
	}
	items := map[string]bool{}
	for _, r := range s.of(event.PickConfirmed, event.PackItem) {
		items[r.item()] = true
	}
	for name := range items {
		is := func(r fact) bool { return r.item() == name }
		picked, packed := where(picks, is), where(packs, is)
		early := sum(by(done, picked)) - sum(by(done, packed))
		if early == 0 && sum(picked) == sum(packed) {
			continue
		}
		want, got := sum(picked), sum(packed)
		x := Exception{OpenedAt: done, Expected: want, Observed: got, Delta: max(want-got, got-want)}
		if want == got {
			x.ClearedAt = max(latest(picked), latest(packed))
			x.Delta = max(early, -early)
		}
		s.report("PA-01", episode("item", name), x)
	}
}

// packed is when no more is to be packed: with the manifest, or a span after the last pick or pack once every carton that was opened is closed,
// whichever is first; false when neither has come.
func (s *story) packed() (event.Micros, bool) {
	manifests, closed := s.of(event.ManifestClosed), s.of(event.PackClosed)
	open := slices.ContainsFunc(s.of(event.PackStarted), func(o fact) bool {
		return !slices.ContainsFunc(closed, func(c fact) bool { return c.CartonID == o.CartonID && c.Time >= o.Time })
	})
	work := s.of(event.PickConfirmed, event.PackStarted, event.PackItem, event.PackClosed)
	idle := latest(work) + s.span("PA-01", "idle_close_s", 600)
	switch {
	case len(manifests) == 0:
		return idle, len(closed) > 0 && !open
	case len(closed) == 0 || open:
		return first(manifests), true
	}
	return min(first(manifests), idle), true
}
