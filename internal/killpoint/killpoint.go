// Package killpoint ends or stops a process at a named moment of its talk with Kafka and ClickHouse: just before a request is written, when it is
// written and no answer has come, or when the answer is there and nobody has seen it. Moments are told from the bytes on the wire, so the code
// that is put to the test knows nothing of them; only the build of andon with the tag chaos passes its connections through here.
package killpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Variable in the environment of a process says what it does to itself, as Order.String writes it.
const Variable = "ANDON_KILLPOINT"

// Kind says when a point is passed.
type Kind int

// The kinds.
const (
	AtStart   Kind = iota // by every process that comes up
	InRestore             // while lanes are restored
	AtWork                // again and again, while there is work
)

// Point is a named moment.
type Point struct {
	Name string
	Kind Kind
}

// Points lists all moments: those of detection, then those of loading, each in the order they are passed.
var Points = []Point{
	{"join.sent", AtStart}, {"join.answered", AtStart}, {"sync.answered", AtStart},
	{"init-producer.sent", AtStart}, {"init-producer.answered", AtStart},
	{"offset-fetch.sent", AtStart}, {"offset-fetch.answered", AtStart},
	{"restore.answered", InRestore},
	{"fetch.answered", AtWork},
	{"produce.before", AtWork}, {"produce.sent", AtWork}, {"produce.answered", AtWork},
	{"txn-offset-commit.sent", AtWork}, {"txn-offset-commit.answered", AtWork},
	{"end-txn.before", AtWork}, {"end-txn.sent", AtWork}, {"end-txn.answered", AtWork},

	{"load-join.answered", AtStart}, {"load-offset-fetch.answered", AtStart},
	{"load-fetch.answered", AtWork},
	{"intent.before", AtWork}, {"intent.sent", AtWork}, {"intent.answered", AtWork},
	{"insert.begun", AtWork}, {"insert.sent", AtWork}, {"insert.answered", AtWork},
	{"end-commit.sent", AtWork}, {"end-commit.answered", AtWork},
}

// Order is what a process is to do to itself: stop (SIGSTOP) or end (SIGKILL) when it passes a point for the nth time, counted from 1.
type Order struct {
	Stop  bool
	Point string
	Nth   int64
}

// String is e.g. "kill produce.sent 3".
func (o Order) String() string {
	verb := "kill"
	if o.Stop {
		verb = "stop"
	}
	return fmt.Sprintf("%s %s %d", verb, o.Point, o.Nth)
}

// parse reads what String writes.
func parse(text string) (Order, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 || fields[0] != "kill" && fields[0] != "stop" {
		return Order{}, fmt.Errorf("%s: %q is not kill or stop, a point and a number", Variable, text)
	}
	n, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || n < 1 {
		return Order{}, fmt.Errorf("%s: %q is no number of passings", Variable, fields[2])
	}
	for _, p := range Points {
		if p.Name == fields[1] {
			return Order{fields[0] == "stop", p.Name, n}, nil
		}
	}
	return Order{}, fmt.Errorf("%s: there is no point %q", Variable, fields[1])
}

// passes counts what was passed and carries the order out.
type passes struct {
	Order
	left atomic.Int64
	do   func(syscall.Signal) error // to this process; a test looks on instead
}

func newPasses(o Order) *passes {
	p := &passes{Order: o, do: signal}
	p.left.Store(o.Nth)
	return p
}

// at says that a point is passed, now. It does not return when the process ends here.
func (p *passes) at(point string) {
	if point == "" || point != p.Point || p.left.Add(-1) != 0 {
		return
	}
	s := syscall.SIGKILL
	if p.Stop {
		s = syscall.SIGSTOP
	}
	if err := p.do(s); err != nil {
		panic("killpoint: " + err.Error()) // to go on would prove nothing
	}
}

func signal(s syscall.Signal) error {
	if s == syscall.SIGSTOP {
		return stop()
	}
	return syscall.Kill(os.Getpid(), s)
}
