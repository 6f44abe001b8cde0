package killpoint

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// frame is a request of Kafka's, or an answer when key is negative.
func frame(key int16, id uint32, body string) []byte {
	b := make([]byte, 4, 64)
	if key >= 0 {
		b = binary.BigEndian.AppendUint16(b, uint16(key))
		b = binary.BigEndian.AppendUint16(b, 9) // version
	}
	b = binary.BigEndian.AppendUint32(b, id)
	b = append(b, body...)
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// talk runs requests and their answers through a tapped connection and lists what is passed. Each answer comes in pieces of two bytes.
func talk(t *testing.T, point string, turns ...[2][]byte) (signals []syscall.Signal) {
	t.Helper()
	p := newPasses(Order{Point: point, Nth: 1})
	p.do = func(s syscall.Signal) error {
		signals = append(signals, s)
		return nil
	}
	ours, theirs := net.Pipe()
	c := p.client()(ours)
	defer c.Close()
	for _, turn := range turns {
		go func() {
			_, _ = io.ReadFull(theirs, make([]byte, len(turn[0])))
			for piece := range slices.Chunk(turn[1], 2) {
				_, _ = theirs.Write(piece)
			}
		}()
		if _, err := c.Write(turn[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, len(turn[1]))); err != nil {
			t.Fatal(err)
		}
	}
	return signals
}

// Every point is passed by the talk it is named after, and by no other.
func TestPoints(t *testing.T) {
	turn := func(key int16, id uint32, body string) [2][]byte {
		return [2][]byte{frame(key, id, body), frame(-1, id, "answer")}
	}
	hello := turn(18, 0, "versions")
	detecting, loading := turn(joinKey, 1, "own-detect"), turn(joinKey, 1, "own-load-events")
	of := map[string][][2][]byte{
		"join": {hello, detecting}, "load-join": {hello, loading},
		"join sync": {detecting, turn(syncKey, 2, "")}, "init-producer": {turn(initProducerKey, 2, "")},
		"join offset-fetch": {detecting, turn(offsetFetchKey, 2, "")}, "load-join load-offset-fetch": {loading, turn(offsetFetchKey, 2, "")},
		"restore": {hello, turn(fetchKey, 2, "")}, "join fetch": {detecting, turn(fetchKey, 2, "")}, "load-join load-fetch": {loading, turn(fetchKey, 2, "")},
		"add-partitions": {turn(addPartitionsKey, 3, "")}, "produce": {turn(produceKey, 3, "records")}, "txn-offset-commit": {turn(txnOffsetCommitKey, 4, "")}, "end-txn": {turn(endTxnKey, 5, "")},
		"intent":     {turn(offsetCommitKey, 6, "4711-9000:00c0ffee00c0ffee:1795302000000000")},
		"end-commit": {turn(offsetCommitKey, 7, "")},
		"insert":     {{[]byte("\x00\x06client"), []byte("server")}, {[]byte("\x01INSERT INTO t"), []byte("columns")}, {[]byte("\x02rows"), []byte("\x05")}},
	}
	for _, p := range Points {
		request, _, _ := strings.Cut(p.Name, ".")
		passed := 0
		for names, turns := range of {
			got, want := talk(t, p.Name, turns...), []syscall.Signal(nil)
			if slices.Contains(strings.Fields(names), request) || p.Name == "produce.before" && names == addPartitions {
				want, passed = []syscall.Signal{syscall.SIGKILL}, passed+1
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in the talk of %s: %v", p.Name, names, got)
			}
		}
		if passed == 0 {
			t.Errorf("no talk passes %s", p.Name)
		}
	}
}

func TestNthPassing(t *testing.T) {
	p := newPasses(Order{Stop: true, Point: "produce.sent", Nth: 3})
	var signals []syscall.Signal
	p.do = func(s syscall.Signal) error {
		signals = append(signals, s)
		return nil
	}
	for n, want := range []int{0, 0, 1, 1} {
		if p.at("produce.sent"); len(signals) != want {
			t.Errorf("after passing %d: %v", n+1, signals)
		}
	}
}

func TestOrders(t *testing.T) {
	for _, p := range Points {
		o := Order{Point: p.Name, Nth: 7, Stop: p.Kind == AtWork}
		if got, err := parse(o.String()); err != nil || got != o {
			t.Errorf("%s: %+v, %v", o, got, err)
		}
	}
	for _, bad := range []string{"", "kill produce.sent", "kill produce.sent 0", "maim produce.sent 1", "kill no-such 1", "kill produce.sent x"} {
		if o, err := parse(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, o)
		}
	}
}
