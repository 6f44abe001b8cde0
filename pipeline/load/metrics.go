package load

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of one loader; each carries the label table.
type metrics struct {
	rows, blocks prometheus.Counter
	hidden       prometheus.Counter
	skipped      *prometheus.CounterVec // by reason
	retries      *prometheus.CounterVec // by what failed
	seconds      prometheus.Histogram
	lag, delay   prometheus.Gauge
	down, halted prometheus.Gauge
	missing      prometheus.Gauge
}

func newMetrics(cfg Config) *metrics {
	r := prometheus.WrapRegistererWith(prometheus.Labels{"table": cfg.Table}, cfg.Registerer)
	counter := func(name, help string) prometheus.Counter {
		return register(r, prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help}))
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return register(r, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label}))
	}
	gauge := func(name, help string) prometheus.Gauge {
		return register(r, prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help}))
	}
	m := &metrics{
		rows:    counter("andon_load_rows_total", "Rows confirmed by the table; a block sent again after a crash counts again."),
		blocks:  counter("andon_load_blocks_total", "Blocks confirmed by the table."),
		hidden:  counter("andon_load_hidden_blocks_total", "Blocks whose token the table knew without having all their rows; the others were sent again."),
		skipped: counters("andon_load_skipped_total", "Records that are no rows, by reason.", "reason"),
		retries: counters("andon_load_retries_total", "Failed writes, each tried again: commit or insert.", "write"),
		seconds: register(r, prometheus.NewHistogram(prometheus.HistogramOpts{Name: "andon_load_insert_seconds",
			Help: "Time of one confirmed insert.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 14)})),
		lag:     gauge("andon_load_lag_offsets", "Offsets still to be loaded, over all partitions; 0 when all rows are in the table."),
		delay:   gauge("andon_load_delay_seconds", "Age of the oldest record that is read but not in the table."),
		down:    gauge("andon_load_down", "1 while writes fail."),
		missing: gauge("andon_reconcile_rows_missing", "Rows that were loaded and are not in the table any more, as of the last look; andon reconcile repairs them."),
		halted:  gauge("andon_load_stopped_partitions", "Partitions that need a repair before they are loaded again."),
	}
	m.down.Set(0)
	return m
}

// register registers c, or returns what a loader before in the same process registered.
func register[C prometheus.Collector](r prometheus.Registerer, c C) C {
	if err := r.Register(c); err != nil {
		var there prometheus.AlreadyRegisteredError
		if !errors.As(err, &there) {
			panic("load: metrics: " + err.Error()) // two metrics of one name: a mistake in this file
		}
		return there.ExistingCollector.(C)
	}
	return c
}

func (m *metrics) loaded(done Inserted, took time.Duration) {
	m.rows.Add(float64(done.Rows))
	m.blocks.Inc()
	m.seconds.Observe(took.Seconds())
	m.skipped.WithLabelValues("tick").Add(float64(done.Ticks))
	m.skipped.WithLabelValues("undecodable").Add(float64(done.Undecodable))
	m.skipped.WithLabelValues("tombstone").Add(float64(done.Tombstones))
	m.skipped.WithLabelValues("other").Add(float64(done.Others))
}

// observe sets the gauges; the ends are looked up only now and then, and keep their last value while the log does not answer.
func (l *loader) observe(ctx context.Context) {
	oldest, now := int64(0), time.Now()
	for _, f := range l.feeds {
		if len(f.records) > 0 && (oldest == 0 || int64(f.records[0].At) < oldest) {
			oldest = int64(f.records[0].At)
		}
	}
	l.metrics.halted.Set(float64(len(l.at(stopped))))
	l.metrics.delay.Set(0)
	if oldest > 0 {
		l.metrics.delay.Set(max(now.Sub(time.UnixMicro(oldest)).Seconds(), 0))
	}
	if now.Sub(l.lagAt) < lagEvery {
		return
	}
	l.lagAt = now
	ends, err := l.log.Ends(ctx)
	if err != nil {
		return // the next poll or commit says so, if it lasts
	}
	var lag int64
	for at, f := range l.feeds {
		if end, ok := ends[at]; ok {
			lag += f.waiting(end)
		}
	}
	l.metrics.lag.Set(float64(lag))
}
