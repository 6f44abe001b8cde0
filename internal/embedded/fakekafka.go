package embedded

import (
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kfake"
)

// FakeKafka is a broker inside this process, for the demo and the fast tests: transactions and groups work, topics are not
// made by mistake, and nothing ages away.
type FakeKafka struct {
	cluster *kfake.Cluster
}

// StartFakeKafka starts a broker that stores its topics, groups and offsets under dir (made when missing; "" keeps all in
// memory). What it has acknowledged survives Stop, and a crash of the process but not of the machine.
func StartFakeKafka(dir string) (*FakeKafka, error) {
	options := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.BrokerConfigs(map[string]string{"log.retention.ms": "-1"}),
	}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("kafka (in process): data directory: %w", err)
		}
		options = append(options, kfake.DataDir(dir))
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return nil, fmt.Errorf("kafka (in process): start: %w", err)
	}
	return &FakeKafka{cluster: cluster}, nil
}

// Addr is where the broker listens, as host:port.
func (k *FakeKafka) Addr() string { return k.cluster.ListenAddrs()[0] }

// Stop writes what is in memory to the directory and ends the broker.
func (k *FakeKafka) Stop() { k.cluster.Close() }
