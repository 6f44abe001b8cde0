// Package replay runs histories through the same core as a live deployment, in memory: no Kafka, no ClickHouse, no clock.
package replay

import (
	"bytes"
	"context"
	"iter"
	"log/slog"
	"slices"
	"time"

	"andon/detectors"
	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/mem"
	"andon/replay/datasets"
	"andon/replay/history"
	"andon/schemas/control"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"

	"github.com/prometheus/client_golang/prometheus"
)

// Partitions is how many partitions each topic of a replay has.
const Partitions = 8

// Result is what came of a history. Every known code has its number, if only 0.
type Result struct {
	Events      int64          `json:"events"`     // records read, without ticks
	Exceptions  map[string]int `json:"exceptions"` // distinct ids ever raised, less those retracted or cleared as late data
	Open        map[string]int `json:"open"`       // of them, still open at the end
	DeadLetters int            `json:"deadletters"`

	Costs map[cost.Component]Paid `json:"costs"` // of the components that came up
}

// Paid sums up the cost facts of one component, as they stand in the end.
type Paid struct {
	Facts    int   `json:"facts"`
	Measured int   `json:"measured"` // of the facts: from events
	Assumed  int   `json:"assumed"`  // by a standard figure
	Unknown  int   `json:"unknown"`  // without an amount; they are in one of the other two as well
	WorkUS   int64 `json:"work_us"`  // labour, microseconds
	QtyMilli int64 `json:"qty_milli"`
	// AmountMicro is in millionths of a minor unit, by currency.
	AmountMicro map[string]int64 `json:"amount_micro"`
}

// Dataset judges a data set with its own settings.
func Dataset(ctx context.Context, set *datasets.Set) (Result, error) {
	return NewLine(set.Settings).Dataset(ctx, set)
}

// Dataset judges a data set.
func (l *Line) Dataset(ctx context.Context, set *datasets.Set) (Result, error) {
	l.Append(history.Ticked(slices.Values(set.Records), Partitions, history.ImportStep, history.ImportLateness))
	if err := l.Run(ctx, mem.Options{}); err != nil {
		return Result{}, err
	}
	return l.Result(), nil
}

// Line is a whole line in memory: topics of Partitions partitions, and the engines that judge them. It is for one goroutine.
type Line struct {
	settings setting.Settings
	log      *mem.Log
	controls pipeline.ControlLog
	models   pipeline.Scorer
}

// NewLine makes an empty line.
func NewLine(s setting.Settings) *Line { return &Line{settings: s, log: mem.New(lanes()...)} }

func lanes() (all []pipeline.Lane) {
	for _, family := range event.Families {
		for p := range int32(Partitions) {
			all = append(all, pipeline.Lane{Family: family, Partition: p})
		}
	}
	return all
}

// Append writes records, ticks included, to the input topics.
func (l *Line) Append(records iter.Seq[history.Record]) {
	for r := range records {
		var key []byte
		if r.Key != "" {
			key = []byte(r.Key)
		}
		l.log.Append(pipeline.Lane{Family: r.Family, Partition: r.On(Partitions)}, false, key, r.Value, r.At)
	}
}

// Govern puts control records in force, in order, from the next beat on. Models answer what their policies ask; they may be nil when none asks.
func (l *Line) Govern(records []control.Record, models pipeline.Scorer) {
	l.models = models
	for i := range records {
		at := l.controls.Next()
		l.controls.Add(at, &records[i], at+1)
	}
}

// Run judges what was appended since the last Run, with engines that first restore what earlier runs left.
func (l *Line) Run(ctx context.Context, o mem.Options) error {
	return l.log.Run(ctx, pipeline.Config{
		Engine: func(family event.Family) (pipeline.Engine, error) { return detectors.New(family, l.settings) },
		Topic: func(lane pipeline.Lane, side bool) string {
			if side {
				return "side." + lane.Family.String()
			}
			return lane.Family.String()
		},
		Controls: &l.controls, Scorer: l.models,
		Logic:   detectors.Logic(),
		Now:     func() time.Time { return time.Time{} }, // ticks move time
		Log:     slog.New(slog.DiscardHandler),
		Metrics: pipeline.NewMetrics(prometheus.NewRegistry()),
	}, o)
}

// Final is the last revision of every exception, sorted by id.
func (l *Line) Final() []exception.Exception {
	last := map[exception.ID]exception.Exception{}
	for _, x := range l.log.Exceptions {
		last[x.ID] = x
	}
	final := make([]exception.Exception, 0, len(last))
	for _, x := range last {
		final = append(final, x)
	}
	slices.SortFunc(final, func(a, b exception.Exception) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return final
}

// Result sums up what the runs so far came to.
func (l *Line) Result() Result {
	r := Result{Exceptions: map[string]int{}, Open: map[string]int{}, DeadLetters: len(l.log.Letters)}
	for _, known := range rule.All {
		r.Exceptions[known.Code], r.Open[known.Code] = 0, 0
	}
	for _, x := range l.Final() {
		if !Stands(&x) {
			continue
		}
		r.Exceptions[x.Code]++
		if !x.State.Ended() {
			r.Open[x.Code]++
		}
	}
	r.Costs = paid(l.log.Costs)
	for _, lane := range lanes() {
		for _, e := range l.log.Entries(lane) {
			r.Events += e.Counts.Read
		}
	}
	return r
}

// paid sums up the last word on each cost.
func paid(all []cost.Cost) map[cost.Component]Paid {
	last := map[cost.ID]*cost.Cost{}
	for i := range all {
		last[all[i].ID] = &all[i]
	}
	sums := map[cost.Component]Paid{}
	for _, c := range last {
		if c.Withdrawn {
			continue
		}
		p := sums[c.Component]
		p.Facts++
		if c.Basis == cost.Measured {
			p.Measured++
		} else {
			p.Assumed++
		}
		p.WorkUS += c.WorkUS
		p.QtyMilli += c.QtyMilli
		if c.AmountMicro == nil {
			p.Unknown++
		} else {
			if p.AmountMicro == nil {
				p.AmountMicro = map[string]int64{}
			}
			p.AmountMicro[c.Currency] += *c.AmountMicro
		}
		sums[c.Component] = p
	}
	return sums
}

// Stands reports whether an exception really was one: neither retracted nor cleared by data that was only late.
func Stands(x *exception.Exception) bool { return x.State != exception.Retracted && !x.LateData }
