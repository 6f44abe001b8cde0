package main

import (
	"slices"
	"strings"
	"testing"

	"andon/internal/embedded"
	"andon/replay/history"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// fakeKafka is an in-process broker with input topics under prefix, and a client that places records by hand.
func fakeKafka(t *testing.T, prefix string, partitions ...int32) *kgo.Client {
	t.Helper()
	broker, err := embedded.StartFakeKafka("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Stop)
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	for i, family := range event.Families {
		if _, err := kadm.NewClient(client).CreateTopic(t.Context(), partitions[i%len(partitions)], 1, nil, prefix+family.String()); err != nil {
			t.Fatal(err)
		}
	}
	return client
}

func scans(n int) []history.Record {
	var records []history.Record
	for i := range n {
		at := event.MinTime + event.Micros(i)*event.Minute
		e := event.Event{
			ID: string(rune('a' + i%26)), Type: event.CarrierScan, Time: at, Carrier: "C", TrackingNo: strings.Repeat("x", i%7+1), Status: event.InTransit,
		}
		records = append(records, history.New(event.Carrier, &e, at))
	}
	return records
}

func TestPublish(t *testing.T) {
	client := fakeKafka(t, "in.", 4)
	in, err := emptyInputs(t.Context(), client, "in.")
	if err != nil {
		t.Fatal(err)
	}
	records := slices.Collect(history.Ticked(slices.Values(scans(500)), in.partitions, event.Hour, event.Hour))
	told := 0
	if err := in.publish(t.Context(), client, slices.Values(records), func(n int) { told = n }); err != nil {
		t.Fatal(err)
	}
	if told != 500 {
		t.Errorf("progress ends at %d of 500", told)
	}
	want := map[string][]string{}
	for i := range records {
		r := &records[i]
		lane := in.topic(r.Family) + string('0'+rune(r.On(in.partitions)))
		want[lane] = append(want[lane], r.Key+"|"+string(r.Value)+"|"+r.At.String())
	}
	client.AddConsumeTopics(in.topic(event.ASN), in.topic(event.Carrier), in.topic(event.PickPack))
	got := map[string][]string{}
	for n := 0; n < len(records); {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			n++
			lane := r.Topic + string('0'+r.Partition)
			got[lane] = append(got[lane], string(r.Key)+"|"+string(r.Value)+"|"+event.At(r.Timestamp).String())
		})
	}
	for lane := range want {
		if !slices.Equal(got[lane], want[lane]) {
			t.Errorf("%s holds %d records that are not the %d written in order", lane, len(got[lane]), len(want[lane]))
		}
	}
	if _, err := emptyInputs(t.Context(), client, "in."); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("the topics that were filled: %v", err)
	}
}

func TestInputsAreRefused(t *testing.T) {
	for want, client := range map[string]*kgo.Client{
		"there is no topic in.asn (kafka.input_prefix): run andon topics apply first": fakeKafka(t, "other.", 4),
		"in.carrier has 3 partitions, in.asn has 4: they must be equal":               fakeKafka(t, "in.", 4, 3, 4),
	} {
		if _, err := emptyInputs(t.Context(), client, "in."); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
