package killpoint

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
)

// Tap makes what a client's connections pass through, if the environment orders something; else nil. An order that cannot be read ends the
// process: the run would prove nothing.
func Tap() func() func(net.Conn) net.Conn {
	text := os.Getenv(Variable)
	if text == "" {
		return nil
	}
	o, err := parse(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return newPasses(o).client
}

// client begins a client: what its connections have in common is which group it is a member of.
func (p *passes) client() func(net.Conn) net.Conn {
	m := &member{}
	return func(c net.Conn) net.Conn { return &tapped{Conn: c, passes: p, kafka: kafkaTalk{of: m}} }
}

// tapped is a connection whose traffic is looked at. One goroutine writes and one reads.
type tapped struct {
	net.Conn
	*passes

	mu    sync.Mutex
	kafka kafkaTalk
	store storeTalk
	known bool // which of the two it is
	is    dialect
}

// dialect is what is spoken on a connection; the client speaks first.
type dialect int

const (
	kafka dialect = iota
	store
)

// Write passes before and sent.
func (t *tapped) Write(b []byte) (int, error) {
	t.mu.Lock()
	if !t.known && len(b) > 1 {
		t.known = true
		if b[0] != 0 || b[1] != 0 { // a first request of Kafka's is short, and begins with its length in four bytes
			t.is = store
		}
	}
	var request string
	if t.is == kafka {
		request = t.kafka.request(b)
	} else {
		t.store.wrote(b)
	}
	t.mu.Unlock()
	switch request {
	case "":
	case addPartitions:
		t.at("produce.before")
	default:
		t.at(request + ".before")
	}
	n, err := t.Conn.Write(b)
	if request != "" && err == nil {
		t.at(request + ".sent")
	}
	return n, err
}

// Read passes answered, and sent where what is written came in many pieces.
func (t *tapped) Read(b []byte) (int, error) {
	t.mu.Lock()
	var waiting string
	if t.known && t.is == store {
		waiting = t.store.waits()
	}
	t.mu.Unlock()
	t.at(waiting)
	n, err := t.Conn.Read(b)
	t.mu.Lock()
	var points []string
	switch {
	case !t.known:
	case t.is == kafka:
		points = t.kafka.answers(b[:n])
	case n > 0:
		points = t.store.read()
	}
	t.mu.Unlock()
	for _, p := range points {
		t.at(p)
	}
	return n, err
}

// SyscallConn lets a client look whether its idle connection is closed.
func (t *tapped) SyscallConn() (syscall.RawConn, error) {
	if socket, ok := t.Conn.(syscall.Conn); ok {
		return socket.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
