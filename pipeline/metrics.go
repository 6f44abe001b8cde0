package pipeline

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"andon/schemas/beat"
)

// Metrics are the counters of committed beats and the gauges of the lanes held. The conservation account of design 13 is the six
// andon_events_ counters: read = done + duplicate + dead_lettered + parked + too_late, exactly, for each family and partition.
type Metrics struct {
	events     map[string]*prometheus.CounterVec // family, partition
	ticks      *prometheus.CounterVec            // family, partition
	fired      *prometheus.CounterVec            // family
	skewed     *prometheus.CounterVec            // family
	misplaced  *prometheus.CounterVec            // family
	abstained  *prometheus.CounterVec            // code, missing
	exceptions *prometheus.CounterVec            // code, change
	verdicts   *prometheus.CounterVec            // code, decided_by, reason
	costs      *prometheus.CounterVec            // component, basis
	forgotten  *prometheus.CounterVec            // family, how
	letters    *prometheus.CounterVec            // family, reason
	beats      *prometheus.CounterVec            // result
	snapshots  *prometheus.CounterVec            // family
	written    *prometheus.CounterVec            // family: bytes of snapshots
	seconds    prometheus.Histogram

	restoring prometheus.Gauge
	control   prometheus.Gauge
	restored  *prometheus.CounterVec // family, partition
	lanes     []*prometheus.GaugeVec // family, partition: entities, open, timers, bytes, lag
}

var laneLabels = []string{"family", "partition"}

// The gauges of a lane, in the order of Metrics.lanes.
const (
	gaugeEntities = iota
	gaugeOpen
	gaugeTimers
	gaugeBytes
	gaugeLag
)

// NewMetrics registers the metrics of a loop. One per Registerer; a restarted loop uses the same.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		r.MustRegister(v)
		return v
	}
	m := &Metrics{
		events:     map[string]*prometheus.CounterVec{},
		ticks:      counter("andon_ticks_total", "Clock ticks applied; they are not events.", laneLabels...),
		fired:      counter("andon_timers_fired_total", "Timers fired.", "family"),
		skewed:     counter("andon_events_skewed_total", "Events further ahead of their record than is believed.", "family"),
		abstained:  counter("andon_rule_abstentions_total", "Judgements a rule could not make, by what it lacked.", "code", "missing"),
		misplaced:  counter("andon_events_mispartitioned_total", "Events on another partition than the declared partitioner gives their key.", "family"),
		exceptions: counter("andon_exceptions_total", "Revisions of exceptions written, by what they did.", "code", "change"),
		verdicts:   counter("andon_verdicts_total", "Contested judgements recorded, by who decided and why no score did.", "code", "decided_by", "reason"),
		costs:      counter("andon_costs_total", "Cost facts written.", "component", "basis"),
		forgotten:  counter("andon_entities_forgotten_total", "Entities whose timelines ended: closed, or open with nothing heard for too long.", "family", "how"),
		letters:    counter("andon_dead_letters_total", "Records and timers put aside.", "family", "reason"),
		beats:      counter("andon_beats_total", "Beats that had something to write, by what became of them.", "result"),
		snapshots:  counter("andon_snapshots_total", "Snapshots of lanes completed.", "family"),
		written:    counter("andon_snapshot_bytes_total", "Parts of snapshots written, before compression.", "family"),
		restored:   counter("andon_restored_events_total", "Events re-executed to restore lanes.", laneLabels...),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "andon_beat_seconds",
			Help: "Time from a beat's last record to its commit.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 15)}),
		restoring: prometheus.NewGauge(prometheus.GaugeOpts{Name: "andon_restoring_lanes", Help: "Lanes assigned and not yet beating."}),
		control:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "andon_control_offset", Help: "What stands in andon.control before this offset holds since the latest beat."}),
	}
	r.MustRegister(m.seconds, m.restoring, m.control)
	for name := range accounts(beat.Counts{}) {
		m.events[name] = counter("andon_events_"+name+"_total", "Events of committed beats: "+name+".", laneLabels...)
	}
	for _, g := range [][2]string{
		gaugeEntities: {"andon_entities", "Entities remembered."},
		gaugeOpen:     {"andon_exceptions_open", "Exceptions neither cleared nor retracted."},
		gaugeTimers:   {"andon_timers", "Timers held, those no longer needed included until they come up."},
		gaugeBytes:    {"andon_state_bytes", "Size of the timelines."},
		gaugeLag:      {"andon_lane_lag_records", "Records of the input partition not yet committed, as of the last fetch."},
	} {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: g[0], Help: g[1]}, laneLabels)
		r.MustRegister(v)
		m.lanes = append(m.lanes, v)
	}
	return m
}

// accounts names the parts of the conservation account.
func accounts(c beat.Counts) map[string]int64 {
	return map[string]int64{"read": c.Read, "done": c.Done, "duplicate": c.Duplicate, "dead_lettered": c.DeadLettered, "parked": c.Parked, "too_late": c.TooLate}
}

func (l Lane) labels() []string {
	return []string{l.Family.String(), strconv.Itoa(int(l.Partition))}
}

// kept counts a committed outcome of a lane.
func (m *Metrics) kept(x *lane, o Outcome) {
	labels := o.Lane.labels()
	for name, n := range accounts(o.Entry.Counts) {
		m.events[name].WithLabelValues(labels...).Add(float64(n))
	}
	m.ticks.WithLabelValues(labels...).Add(float64(o.Entry.Counts.Ticks))
	m.control.Set(float64(o.Entry.Control))
	m.fired.WithLabelValues(labels[0]).Add(float64(o.stepped.Fired))
	m.skewed.WithLabelValues(labels[0]).Add(float64(o.stepped.Skewed))
	for _, a := range o.stepped.Abstained {
		m.abstained.WithLabelValues(a.Code, a.Missing).Add(float64(a.Count))
	}
	m.misplaced.WithLabelValues(labels[0]).Add(float64(o.misplaced))
	for i := range o.Exceptions {
		m.exceptions.WithLabelValues(o.Exceptions[i].Code, string(o.Exceptions[i].Change)).Inc()
	}
	for i := range o.Verdicts {
		v := &o.Verdicts[i]
		m.verdicts.WithLabelValues(v.Code, string(v.DecidedBy), v.Reason).Inc()
	}
	for i := range o.Costs {
		m.costs.WithLabelValues(string(o.Costs[i].Component), string(o.Costs[i].Basis)).Inc()
	}
	m.forgotten.WithLabelValues(labels[0], "closed").Add(float64(o.stepped.Forgotten.Closed))
	m.forgotten.WithLabelValues(labels[0], "open").Add(float64(o.stepped.Forgotten.Open))
	for i := range o.Letters {
		m.letters.WithLabelValues(labels[0], string(o.Letters[i].Reason)).Inc()
	}
	for _, part := range o.parts {
		m.written.WithLabelValues(labels[0]).Add(float64(len(part)))
	}
	if o.Entry.Snapshot != nil {
		m.snapshots.WithLabelValues(labels[0]).Inc()
	}
	m.sized(x)
}

// sized sets the gauges of a lane.
func (m *Metrics) sized(x *lane) {
	labels, size := x.id.labels(), x.engine.Size()
	for i, v := range map[int]float64{
		gaugeEntities: float64(size.Entities),
		gaugeOpen:     float64(size.Open),
		gaugeTimers:   float64(size.Timers),
		gaugeBytes:    float64(size.StateBytes),
		gaugeLag:      float64(max(x.input.high-x.head.Input.To, 0)),
	} {
		m.lanes[i].WithLabelValues(labels...).Set(v)
	}
}

// gone forgets the gauges of a lane that is no longer ours.
func (m *Metrics) gone(id Lane) {
	for _, v := range m.lanes {
		v.DeleteLabelValues(id.labels()...)
	}
}

// redone counts an entry re-executed.
func (m *Metrics) redone(id Lane, c beat.Counts) {
	m.restored.WithLabelValues(id.labels()...).Add(float64(c.Read))
}
