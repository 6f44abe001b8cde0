package kafka

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"andon/pipeline/load"
	"andon/schemas/event"
)

// What is not asked for may be gone, and a partition that the group has no offset for is told.
func TestClosedRangesAreOfTheTopicsAskedFor(t *testing.T) {
	s, _ := fake(t)
	topic := s.Input(event.Carrier)
	var gone kadm.TopicsSet
	gone.Add(topic, 1)
	if r, err := s.admin.DeleteOffsets(t.Context(), s.Group(LoadEvents), gone); err != nil || r.Error() != nil {
		t.Fatal(err, r.Error())
	}
	if r, err := s.admin.DeleteTopics(t.Context(), s.Input(event.ASN)); err != nil || r.Error() != nil {
		t.Fatal(err, r.Error())
	}
	ranges, err := ClosedRanges(t.Context(), s.Config, LoadEvents, []string{topic}, 0, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []load.Closed{{Partition: load.Partition{Topic: topic}}, {Partition: load.Partition{Topic: topic, Number: 1}, To: load.NoPosition}}
	if !slices.Equal(ranges, want) {
		t.Errorf("%+v", ranges)
	}
}
