package kafka

import (
	"hash/crc32"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Partitioner is how the producers of a topic place keys. It is used only to notice producers that do otherwise.
type Partitioner string

// The partitioners.
const (
	Murmur2 Partitioner = "murmur2" // the Java client and franz-go
	CRC32   Partitioner = "crc32"   // librdkafka's default
	Any     Partitioner = "any"     // unknown: nothing is checked
)

var murmur2 = kgo.StickyKeyPartitioner(nil).ForTopic("")

// place is the partition of a key among n; -1 when it cannot be said.
func (p Partitioner) place(key []byte, n int) int {
	switch {
	case len(key) == 0: // a tick: its writer names the partition
		return -1
	case p == Murmur2:
		return murmur2.Partition(&kgo.Record{Key: key}, n)
	case p == CRC32:
		return int(crc32.ChecksumIEEE(key) % uint32(n))
	}
	return -1
}
