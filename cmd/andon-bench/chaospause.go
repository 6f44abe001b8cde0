package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"andon/internal/killpoint"
	"andon/pipeline/kafka"
	"andon/replay/history"
	"andon/schemas/event"
	"andon/schemas/exception"
	judgement "andon/schemas/verdict"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A run of this form pauses a process some times. Each time a number of parcels is promised for an instant soon after, and none is delivered: what is
// to come is one exception of each, raised by a timer, with nothing to read.
const (
	pausesOfRun = 10
	parcels     = 40
	promisedIn  = 2500 * time.Millisecond
	brokenCode  = "CA-04"
)

// pause lets a process read and judge, takes it away before the promised instant, lets another come up after it, which stops before it writes the beat of
// the timers, gives its lanes to a third, and wakes it when the third has written them.
func (x *chaosRun) pause(ctx context.Context) error {
	n := min(pausesOfRun, x.Pauses)
	first, err := x.up(ctx, "process-a", killpoint.Order{})
	if err != nil {
		return err
	}
	for i := range n {
		if err := x.promise(ctx, i); err != nil {
			return err
		}
		if err := x.leave(ctx, first); err != nil {
			return err
		}
		if first, err = x.replace(ctx, i); err != nil {
			return err
		}
	}
	x.row.Values["pauses"] = float64(n)
	if err := x.settle(ctx); err != nil {
		return err
	}
	return x.checkPromises(ctx, n)
}

// up starts a process and waits until all its lanes beat.
func (x *chaosRun) up(ctx context.Context, name string, o killpoint.Order) (*process, error) {
	p, err := x.spawn(name, o)
	if err != nil {
		return nil, err
	}
	x.fleet = append(x.fleet, p)
	return p, await(ctx, name+" to beat", func() bool { return closed(p.beats) || p.over() })
}

// promise writes manifests of parcels, waits until they are judged, and until some are promised no longer.
func (x *chaosRun) promise(ctx context.Context, turn int) error {
	now := event.At(time.Now())
	due := now + event.Micros(promisedIn.Microseconds())
	var records []history.Record
	for i := range parcels {
		e := event.Event{ID: fmt.Sprintf("manifest-%d-%d-%d", x.seed, turn, i), Type: event.ShipmentManifested, Time: now, Carrier: "SLOW",
			TrackingNo: fmt.Sprintf("P%d-%d-%d", x.seed, turn, i), PromiseDeliverBy: due}
		records = append(records, history.New(event.Carrier, &e, now))
	}
	if err := x.write(ctx, records); err != nil {
		return err
	}
	return x.judged(ctx)
}

// leave ends a process in order: its lanes are free at once.
func (x *chaosRun) leave(ctx context.Context, p *process) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if err := await(ctx, p.name+" to leave", p.over); err != nil {
		return err
	}
	x.fleet = slices.DeleteFunc(x.fleet, func(other *process) bool { return other == p })
	return nil
}

// replace pauses a new process before its first beat, which has only timers, replaces and wakes it, and lets it leave. It returns the heir.
func (x *chaosRun) replace(ctx context.Context, turn int) (*process, error) {
	have, err := x.raised(ctx)
	if err != nil {
		return nil, err
	}
	zombie, err := x.spawn("zombie", killpoint.Order{Stop: true, Point: "produce.before", Nth: 1})
	if err != nil {
		return nil, err
	}
	x.fleet = append(x.fleet, zombie)
	if err := await(ctx, "the process to stop before it writes", func() bool { return zombie.paused() || zombie.over() }); err != nil {
		return nil, err
	}
	heir, err := x.spawn(fmt.Sprintf("process-%c", 'a'+(turn+1)%2), killpoint.Order{})
	if err != nil {
		return nil, err
	}
	x.fleet = append(x.fleet, heir)
	if err := x.expel(ctx, "zombie"); err != nil {
		return nil, err
	}
	if err := await(ctx, "the heir to write what is due", func() bool {
		now, err := x.raised(ctx)
		return err == nil && now >= have+parcels || heir.over()
	}); err != nil {
		return nil, err
	}
	if err := zombie.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		return nil, err
	}
	if err := await(ctx, "the process that woke to be refused", func() bool { return zombie.said("beat undone") || zombie.said("role failed") || zombie.over() }); err != nil {
		return nil, err
	}
	if zombie.over() {
		return nil, fmt.Errorf("the process that woke ended: %s", zombie.lastWords())
	}
	return heir, x.leave(ctx, zombie)
}

// expel takes a process out of all groups, as the brokers do when it has been silent for its session's time.
func (x *chaosRun) expel(ctx context.Context, name string) error {
	var errs []error
	for _, group := range append([]string{kafka.Detect}, kafka.LoadGroups...) {
		left, err := x.topics.admin.LeaveGroup(ctx, kadm.LeaveGroup(x.at.Group(group)).Reason("paused").InstanceIDs(x.instance(name)))
		errs = append(errs, err)
		if group == kafka.Detect {
			errs = append(errs, left.Error())
		}
	}
	return errors.Join(errs...)
}

// raised is how many exceptions the topic holds, in committed records.
func (x *chaosRun) raised(ctx context.Context) (n int, err error) {
	err = x.topics.read(ctx, x.at.Exceptions(), func(*kgo.Record) error {
		n++
		return nil
	})
	return n, err
}

// checkPromises checks that each promise is broken once.
func (x *chaosRun) checkPromises(ctx context.Context, turns int) error {
	want, got := newOutputs(nil), newOutputs(nil)
	byTable, err := x.read(ctx, got, &answers{by: map[judgement.Decider]float64{}})
	if err != nil {
		return err
	}
	for turn := range turns {
		for i := range parcels {
			want.revisions[fmt.Sprintf("SLOW/P%d-%d-%d revision 1", x.seed, turn, i)] = 1
		}
	}
	promises := map[string]int{}
	for record, n := range got.records {
		var e exception.Exception
		if err := exception.Decode([]byte(record[strings.IndexByte(record, ' ')+1:]), &e); err != nil {
			return err
		}
		if e.Code == brokenCode {
			promises[fmt.Sprintf("%s revision %d", e.Subject, e.Revision)] += n
		}
	}
	v := x.row.Values
	v["events"], v["exceptions"], v["costs"] = float64(turns*parcels), float64(len(got.records)), float64(len(got.costs))
	x.compare("broken promises", want.revisions, promises)
	return x.rows(ctx, byTable)
}

// await waits until a condition holds.
func await(ctx context.Context, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for again := time.NewTicker(20 * time.Millisecond); !ok(); {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s: %w", what, ctx.Err())
		case <-again.C:
		}
	}
	return nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
