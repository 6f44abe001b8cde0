package scorer

import (
	"github.com/prometheus/client_golang/prometheus"

	"andon/schemas/beat"
)

// metrics are those of all models.
type metrics struct {
	seconds *prometheus.HistogramVec // bundle
	scores  *prometheus.CounterVec   // bundle, outcome
}

// scored is the outcome of a question that has its score; the others are the reasons why there is none.
const scored = "scored"

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "andon_score_seconds",
			Help: "Time a model took for a batch of at most 1,024 rows.", Buckets: prometheus.ExponentialBuckets(0.00001, 4, 9)}, []string{"bundle"}),
		scores: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "andon_scores_total",
			Help: "Questions to models: scored, or why there was no score."}, []string{"bundle", "outcome"}),
	}
	r.MustRegister(m.seconds, m.scores)
	return m
}

// count counts how the questions of a group ended.
func (m *metrics) count(g group, replies []beat.Reply) {
	good := 0
	for _, i := range g.asked {
		if reason := replies[i].Reason; reason != "" {
			m.scores.WithLabelValues(g.bundle, reason).Inc()
		} else {
			good++
		}
	}
	if good > 0 {
		m.scores.WithLabelValues(g.bundle, scored).Add(float64(good))
	}
}
