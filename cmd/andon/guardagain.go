package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"andon/cmd/andon/config"
	"andon/detectors"
	"andon/detectors/rule"
	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/pipeline/kafka"
	"andon/schemas/event"
	"andon/schemas/journal"
	judgement "andon/schemas/verdict"
)

// How much is computed again, and what it may cost. A lane under way takes the memory that it takes where it is judged, and one core.
const (
	againPart   = 100             // one judgement in so many
	againKept   = 2000            // of them wait at most; further ones are passed over
	againBudget = 2 * time.Minute // for one lane: what comes later is passed over
)

// againRest is how long it rests after a lane that took so long: it has a tenth of a core at most.
func againRest(took time.Duration) time.Duration { return max(time.Minute, 9*took) }

// again computes the features of a share of the judgements again: lanes are run from one of their snapshots on, as andon verify does it, and what comes
// out is held against what was read from andon.verdicts. The goroutine of run does it; the others are for any.
//
// It is the program that judged that computes again. What shows is memory that is not what the log makes of it, and records that no beat wrote; a join
// that the program itself has wrong comes out alike both times.
type again struct {
	cfg  config.Config
	at   kafka.Config
	log  *slog.Logger
	told map[pipeline.Lane]string // why a lane could not be run, when it was last tried

	mu      sync.Mutex
	kept    map[pipeline.Lane]map[judged]noted
	waiting int // in all lanes
	done    []compared
}

// judged names one judgement as it was made: late facts make it anew.
type judged struct {
	id judgement.ID
	at event.Micros // DetectedAt
}

// noted is what was read of a judgement.
type noted struct {
	code, bundle string
	values       judgement.Values
}

// compared is a judgement with the features that come out now; none when the log does not come to it at all.
type compared struct {
	judged
	noted
	anew judgement.Values
}

func newAgain(cfg config.Config, at kafka.Config, log *slog.Logger) *again {
	return &again{cfg: cfg, at: at, log: log, told: map[pipeline.Lane]string{}, kept: map[pipeline.Lane]map[judged]noted{}}
}

// keep takes a judgement from a partition of andon.verdicts, if it is one of the share: which ones is drawn by their names.
func (a *again) keep(partition int32, v *judgement.Verdict) {
	known := rule.ByCode(v.Code)
	if known == nil || v.Bundle == "" || len(v.Values) == 0 || binary.LittleEndian.Uint64(v.ID[8:])%againPart != 0 {
		return
	}
	lane, key := pipeline.Lane{Family: known.Family, Partition: partition}, judged{v.ID, v.DetectedAt}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.kept[lane][key]; !there {
		if a.waiting >= againKept {
			return
		}
		a.waiting++
	}
	if a.kept[lane] == nil {
		a.kept[lane] = map[judged]noted{}
	}
	a.kept[lane][key] = noted{strings.Clone(v.Code), strings.Clone(v.Bundle), slices.Clone(v.Values)}
}

// take returns what was compared since the last call.
func (a *again) take() []compared {
	a.mu.Lock()
	defer a.mu.Unlock()
	done := a.done
	a.done = nil
	return done
}

// run goes from lane to lane until ctx ends, with a rest after each.
func (a *again) run(ctx context.Context, rest func(took time.Duration) time.Duration) {
	for took := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest(took)):
		}
		began := time.Now()
		if lane, wanted := a.next(); len(wanted) > 0 {
			done := a.compare(ctx, lane, wanted)
			a.mu.Lock()
			a.done = append(a.done, done...)
			a.mu.Unlock()
		}
		took = time.Since(began)
	}
}

// next takes the judgements of the lane that most are kept of.
func (a *again) next() (lane pipeline.Lane, wanted map[judged]noted) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for l, list := range a.kept {
		if len(list) > len(wanted) {
			lane, wanted = l, list
		}
	}
	delete(a.kept, lane)
	a.waiting -= len(wanted)
	return lane, wanted
}

// compare runs a lane and returns those of the judgements that it was about, in their order. A lane that cannot be run says nothing about any.
func (a *again) compare(ctx context.Context, lane pipeline.Lane, wanted map[judged]noted) (list []compared) {
	budget, cancel := context.WithTimeout(ctx, againBudget)
	defer cancel()
	p := pass{wanted: wanted, found: map[judged]judgement.Values{}}
	why := p.run(budget, a, lane)
	if ctx.Err() == nil && why != a.told[lane] {
		if a.told[lane] = why; why != "" {
			a.log.Warn("features of a lane are not computed again for now", "lane", lane.String(), "because", why)
		}
	}
	for key, was := range wanted {
		if anew, made := p.found[key]; made || p.covers(key.at) {
			list = append(list, compared{key, was, anew})
		}
	}
	slices.SortFunc(list, func(x, y compared) int { return cmp.Or(cmp.Compare(x.at, y.at), bytes.Compare(x.id[:], y.id[:])) })
	return list
}

// pass is one run of a lane.
type pass struct {
	engine   pipeline.Engine // that runs it
	wanted   map[judged]noted
	found    map[judged]judgement.Values // of the latest judgement of the name, as of those wanted
	from, to event.Micros                // of the lane's time: every judgement between was made again
	begun    bool
	ran      int64  // seq of the last entry that was run
	broken   bool   // what the log comes to between is not known
	why      string // it goes no further
	stop     context.CancelFunc
}

// covers reports whether a judgement made at an instant must have been made again.
func (p *pass) covers(at event.Micros) bool {
	return !p.broken && 0 < p.from && p.from < at && at < p.to
}

// run returns why the lane could not be run as far as its journal goes.
func (p *pass) run(ctx context.Context, a *again, lane pipeline.Lane) string {
	quiet := slog.New(slog.DiscardHandler)
	books, err := kafka.OpenRecent(ctx, a.at, quiet)
	if err != nil {
		return oneLine(err).Error()
	}
	controls, err := kafka.OpenControls(ctx, a.at, quiet) // after the books: all that their entries went by
	if err != nil {
		return oneLine(err).Error()
	}
	controls.Close()
	ctx, p.stop = context.WithCancel(ctx)
	defer p.stop()
	report, err := audit.Run(ctx, audit.Config{
		Engine: func(f event.Family) (_ pipeline.Engine, err error) {
			p.engine, err = detectors.New(f, a.cfg.Settings)
			return p.engine, err
		},
		Logic:    detectors.Logic(),
		Books:    books,
		Controls: controls,
		Progress: p.progress,
		Watch:    p.watch,
	}, []pipeline.Lane{lane})
	p.broken = err != nil || slices.ContainsFunc(report.Findings, func(f audit.Finding) bool { return f.Kind != audit.EntryDiffers && f.Kind != audit.OutputsDiffer })
	switch {
	case p.why != "":
		return p.why
	case errors.Is(err, context.DeadlineExceeded):
		return "it takes longer than " + againBudget.String()
	case err != nil:
		return oneLine(err).Error()
	}
	return ""
}

// progress notes where the lane begins, and gives it up when it does not run on from there.
func (p *pass) progress(_ pipeline.Lane, e *journal.Entry) {
	switch {
	case !p.begun:
		p.begun, p.from, p.to = true, e.End, e.End
		p.own(e)
	case p.ran != e.Seq && p.why == "":
		p.why = "it cannot be run from its snapshots, or what came after them is gone"
	}
	if p.why != "" {
		p.stop()
	}
}

// own reports whether an entry is of the logic and settings that it would be judged by here. Others come to something else by right.
func (p *pass) own(e *journal.Entry) bool {
	switch {
	case e.Seq == 0:
	case e.Logic != detectors.Logic():
		p.why = "it was judged by other logic"
	case e.Settings != p.engine.Settings():
		p.why = "it was judged with other settings"
	}
	return p.why == ""
}

// watch looks at what came of a beat.
func (p *pass) watch(s *audit.Step) (more bool) {
	if p.ran = s.Entry.Seq; !p.own(s.Entry) {
		return false
	}
	for _, o := range s.Outputs {
		var v judgement.Verdict
		if o.Topic != pipeline.Verdicts || judgement.Decode(o.Value, &v) != nil {
			continue
		}
		key := judged{v.ID, v.DetectedAt}
		if _, is := p.wanted[key]; is {
			p.found[key] = slices.Clone(v.Values)
		}
	}
	p.to = s.Entry.End
	return true
}
