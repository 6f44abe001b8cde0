package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"andon/internal/embedded"
	"andon/internal/enginetest"
)

func TestKafkaRunsTransactionsAndKeepsThemOverKill(t *testing.T) {
	k := enginetest.Kafka(t)
	topic := enginetest.Prefix(t) + "in"
	createTopic(t, k.Addr(), topic)
	writeTransactions(t, k.Addr(), topic, 100)
	checkRecords(t, k.Addr(), topic, 100)
	if level := transactionVersion(t, k.Addr()); level != 2 {
		t.Errorf("transaction.version is %d, want 2", level)
	}
	checkUnknownTopicStaysUnknown(t, k.Addr(), topic+".typo")

	addr := k.Addr()
	k.Kill()
	if k.Running() {
		t.Fatal("still running after Kill")
	}
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k.Addr() != addr {
		t.Errorf("moved from %s to %s", addr, k.Addr())
	}
	checkRecords(t, k.Addr(), topic, 100)

	if err := k.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	writeTransactions(t, k.Addr(), topic, 20)
	checkRecords(t, k.Addr(), topic, 120)
}

func TestFakeKafkaRunsTransactionsAndKeepsThem(t *testing.T) {
	dir := t.TempDir()
	k := startFakeKafka(t, dir)
	createTopic(t, k.Addr(), "in")
	writeTransactions(t, k.Addr(), "in", 100)
	checkUnknownTopicStaysUnknown(t, k.Addr(), "typo")
	k.Stop()

	k = startFakeKafka(t, dir)
	defer k.Stop()
	checkRecords(t, k.Addr(), "in", 100)
	writeTransactions(t, k.Addr(), "in", 20)
	checkRecords(t, k.Addr(), "in", 120)
}

func startFakeKafka(t *testing.T, dir string) *embedded.FakeKafka {
	t.Helper()
	k, err := embedded.StartFakeKafka(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newClient(t *testing.T, addr string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(addr))...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func createTopic(t *testing.T, addr, topic string) {
	t.Helper()
	client := newClient(t, addr)
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
}

// writeTransactions commits n records and aborts as many.
func writeTransactions(t *testing.T, addr, topic string, n int) {
	t.Helper()
	client := newClient(t, addr, kgo.TransactionalID(topic), kgo.DefaultProduceTopic(topic))
	defer client.Close()
	for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		var records []*kgo.Record
		for i := range n {
			records = append(records, kgo.StringRecord(fmt.Sprintf("commit=%t %d", end, i)))
		}
		if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
}

// checkRecords reads the topic from its start to its end: n committed records and no aborted one.
func checkRecords(t *testing.T, addr, topic string, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client := newClient(t, addr, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.KeepControlRecords())
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, 0)
	read := 0
	for next := int64(0); next < end.Offset; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d records: %v", read, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if r.Attrs.IsControl() {
				return
			}
			read++
			if want := fmt.Sprintf("commit=%t ", kgo.TryCommit); string(r.Value[:len(want)]) != want {
				t.Errorf("read aborted record %q", r.Value)
			}
		})
	}
	if read != n {
		t.Errorf("read %d records, want %d", read, n)
	}
}

func transactionVersion(t *testing.T, addr string) int16 {
	t.Helper()
	client := newClient(t, addr)
	defer client.Close()
	response, err := kmsg.NewPtrApiVersionsRequest().RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for _, feature := range response.FinalizedFeatures {
		if feature.Name == "transaction.version" {
			return feature.MaxVersionLevel
		}
	}
	return 0
}

// checkUnknownTopicStaysUnknown asks for a topic the way a client does that would like it to be created.
func checkUnknownTopicStaysUnknown(t *testing.T, addr, topic string) {
	t.Helper()
	request := kmsg.NewPtrMetadataRequest()
	request.AllowAutoTopicCreation = true
	wanted := kmsg.NewMetadataRequestTopic()
	wanted.Topic = &topic
	request.Topics = append(request.Topics, wanted)
	client := newClient(t, addr)
	defer client.Close()
	response, err := request.RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(response.Topics[0].ErrorCode); !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("asked for a topic nobody created, got %v", err)
	}
}
