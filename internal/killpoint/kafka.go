package killpoint

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"sync/atomic"
)

// role is what a client of Kafka does.
type role int32

const (
	reader role = iota // a member of no group: it reads a range of the log while a lane is restored
	detect
	load
)

// member is the group a client is a member of, told from its requests to join.
type member struct{ role atomic.Int32 }

// The requests that have points, by their number in the protocol.
const (
	produceKey         = 0
	fetchKey           = 1
	offsetCommitKey    = 8
	offsetFetchKey     = 9
	joinKey            = 11
	syncKey            = 14
	initProducerKey    = 22
	addPartitionsKey   = 24
	endTxnKey          = 26
	txnOffsetCommitKey = 28
)

// addPartitions is asked in a client's first transaction, as long as it does not know the broker: then it goes before anything is produced.
const addPartitions = "add-partitions"

// kafkaTalk follows one connection: which requests are on their way, and how much of an answer has come.
type kafkaTalk struct {
	of      *member
	waiting map[uint32]string // correlation id -> name
	head    []byte            // of an answer: its length and its correlation id
	rest    int               // bytes of the answer still to come
}

// request names the request that a write holds; clients write one at a time, whole. Empty: it has no point.
func (k *kafkaTalk) request(b []byte) (name string) {
	if len(b) < 12 {
		return ""
	}
	if name = k.name(int16(binary.BigEndian.Uint16(b[4:])), b); name != "" {
		if k.waiting == nil {
			k.waiting = map[uint32]string{}
		}
		k.waiting[binary.BigEndian.Uint32(b[8:])] = name
	}
	return name
}

var intent = regexp.MustCompile(`\d+-\d+:[0-9a-f]{16}:\d+`)

func (k *kafkaTalk) name(key int16, b []byte) string {
	switch key {
	case produceKey:
		return "produce"
	case initProducerKey:
		return "init-producer"
	case addPartitionsKey:
		return addPartitions
	case txnOffsetCommitKey:
		return "txn-offset-commit"
	case endTxnKey:
		return "end-txn"
	case offsetCommitKey: // only loaders commit so
		if intent.Match(b) {
			return "intent"
		}
		return "end-commit"
	case joinKey:
		if bytes.Contains(b, []byte("-load-")) {
			k.of.role.Store(int32(load))
		} else {
			k.of.role.Store(int32(detect))
		}
		return k.as("join")
	case syncKey:
		return k.as("sync")
	case offsetFetchKey:
		return k.as("offset-fetch")
	case fetchKey:
		return k.as("fetch")
	}
	return ""
}

// as names a request by who sends it.
func (k *kafkaTalk) as(request string) string {
	switch role(k.of.role.Load()) {
	case detect:
		return request
	case load:
		return "load-" + request
	case reader:
		if request == "fetch" {
			return "restore"
		}
	}
	return ""
}

// answers follows what was read, and names the points of the answers that are whole now.
func (k *kafkaTalk) answers(b []byte) (points []string) {
	for len(b) > 0 {
		if k.rest == 0 {
			n := min(8-len(k.head), len(b))
			k.head, b = append(k.head, b[:n]...), b[n:]
			if len(k.head) < 8 {
				return points
			}
			k.rest = int(binary.BigEndian.Uint32(k.head)) - 4
		}
		n := min(k.rest, len(b))
		k.rest, b = k.rest-n, b[n:]
		if k.rest > 0 {
			return points
		}
		id := binary.BigEndian.Uint32(k.head[4:])
		if name := k.waiting[id]; name != "" {
			points = append(points, name+".answered")
			delete(k.waiting, id)
		}
		k.head = k.head[:0]
	}
	return points
}
