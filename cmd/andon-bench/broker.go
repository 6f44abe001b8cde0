package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"

	"andon/pipeline/kafka"
	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	inputPrefix = "bench."
	start       = event.Micros(1_740_787_200) * event.Second // 2025-03-01T00:00:00Z
	tickStep    = 10 * event.Minute
)

// startBroker runs the broker as a process of its own; end stops it.
func startBroker(ctx context.Context) (addr string, end func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, brokerArg)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", nil, fmt.Errorf("the broker did not start: %w", err)
	}
	return strings.TrimSpace(line), func() {
		_ = in.Close() // the broker ends with its input
		_ = cmd.Wait()
	}, nil
}

// config names the input topics, which all runs share, and the topics of one run.
func config(addr, prefix string) kafka.Config {
	return kafka.Config{Brokers: []string{addr}, Instance: prefix + "bench", InputPrefix: inputPrefix, OwnPrefix: prefix}
}

func layOut(ctx context.Context, c kafka.Config) error {
	_, err := kafka.Apply(ctx, c, kafka.Layout{Partitions: partitions, ReplicationFactor: 1}, slog.New(slog.DiscardHandler))
	return err
}

type day struct{ events, bytes int64 }

// write puts the simulated day on the input topics.
func write(ctx context.Context, addr string, orders int, seed uint64) (d day, err error) {
	if err := layOut(ctx, config(addr, "bench-write.")); err != nil {
		return d, err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.MaxBufferedRecords(200_000))
	if err != nil {
		return d, err
	}
	defer cl.Close()
	var once sync.Once
	var failed error
	records, _ := simulate.Day(simulate.Config{Seed: seed, Orders: orders, Start: start})
	for r := range history.Ticked(records, partitions, tickStep, history.SimulateLateness) {
		if !r.IsTick() {
			d.events++
			d.bytes += int64(len(r.Value))
		}
		cl.Produce(ctx, &kgo.Record{Topic: inputPrefix + r.Family.String(), Partition: r.On(partitions), Key: []byte(r.Key), Value: r.Value, Timestamp: r.At.UTC()},
			func(_ *kgo.Record, err error) {
				if err != nil {
					once.Do(func() { failed = err })
				}
			})
	}
	return d, first(cl.Flush(ctx), failed)
}
