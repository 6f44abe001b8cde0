package guard

import (
	"andon/schemas/control"
	"andon/schemas/event"
	"andon/schemas/verdict"
)

// How long a model is not believed after a trip: twice as long with each trip that follows another within the time trips are remembered.
const (
	holdFirst  = 15 * event.Minute
	holdMost   = event.Day
	remembered = week
)

// cleanWindows in a row must see nothing before a guard goes on, from open and from half open.
const cleanWindows = 3

// lease is how long a record of a guard that is not open holds: afterwards lanes treat it as open. It is written anew when half of it is over.
const lease = event.Hour

// Author signs the records of guards.
const Author = "guard"

// machine is the state of a guard: closed -> open -> half_open -> closed. Its own transitions and renewals go to emit.
type machine struct {
	last     control.Guard // its latest record
	hold     event.Micros  // how long the latest trip held; 0 before the first
	tripped  event.Micros  // the latest trip
	person   bool          // it stays open until a person writes its next record
	labels   bool          // labels tripped since it was last closed
	features bool          // likewise features computed again
	clean    int           // windows in a row that saw nothing, since the latest transition
	golden   bool          // the latest golden rows since then were answered as expected
	recent   [tests][2]bool
	follows  bool // it only adopts records: what it sees is past
	leases   bool

	emit func(g control.Guard, note string)
}

// reasons are those of the fallbacks, by signal.
var reasons = map[control.Signal]string{
	control.G1: verdict.GuardGolden, control.G2: verdict.GuardFeatures, control.G3: verdict.GuardDrift, control.G4: verdict.GuardDrift,
	control.G5: verdict.GuardLabels,
}

func (m *machine) state() control.State {
	if m.last.State == "" {
		return control.Closed
	}
	return m.last.State
}

// trip opens the guard. When it is open already, only what it needs to leave open grows.
func (m *machine) trip(at event.Micros, s sight) {
	m.clean, m.golden = 0, m.golden && s.signal != control.G1
	m.labels = m.labels || s.signal == control.G5
	m.features = m.features || s.signal == control.G2
	if m.follows || m.state() == control.Open {
		return
	}
	g := m.last
	g.State, g.Signal, g.Reason, g.Trips = control.Open, s.signal, reasons[s.signal], g.Trips+1
	g.ChangedAt, g.WindowFrom, g.WindowTo, g.Statistic, g.Threshold = at, s.from, s.to, s.statistic, s.threshold
	g.HoldUntil, g.ValidUntil = at+m.nextHold(at), 0
	m.took(&g, true)
	if m.person {
		s.what += "; the second time within 7 days: it stays open until a person writes its next record"
	}
	m.emit(g, s.what)
}

func (m *machine) nextHold(at event.Micros) event.Micros {
	if m.recently(at) {
		return min(holdMost, 2*m.hold)
	}
	return holdFirst
}

func (m *machine) recently(at event.Micros) bool { return m.hold > 0 && at-m.tripped < remembered }

// took makes a record the latest: its own, or in front of it a person's or a former process's.
func (m *machine) took(g *control.Guard, own bool) {
	if g.State == m.state() && g.ChangedAt == m.last.ChangedAt {
		m.last = *g // a renewal, or our own coming back
		return
	}
	opens := g.State == control.Open
	m.person = opens && (!own || m.recently(g.ChangedAt))
	if opens {
		m.tripped, m.hold = g.ChangedAt, max(holdFirst, g.HoldUntil-g.ChangedAt)
		m.labels = m.labels || g.Signal == control.G5
		m.features = m.features || g.Signal == control.G2
	} else if g.State == control.Closed {
		m.labels, m.features = false, false
	}
	if opens || !own {
		m.golden = false
	}
	m.clean, m.recent = 0, [tests][2]bool{}
	m.last = *g
}

// window takes what a window saw. What was seen in two of three trips.
func (m *machine) window(w *window, seen []sight) {
	var now [tests]bool
	var trips []sight
	for _, s := range seen {
		now[s.test] = true
		if before := m.recent[s.test]; (before[0] || before[1]) && s.signal != control.G6 {
			trips = append(trips, s)
		}
	}
	clean := true
	for t := range m.recent {
		m.recent[t] = [2]bool{m.recent[t][1], now[t]}
		clean = clean && (!now[t] || test(t) == testAgreed)
	}
	if m.clean++; !clean {
		m.clean = 0
	}
	for _, s := range trips[:min(1, len(trips))] {
		m.trip(w.to, s)
	}
}

// goOn leaves open, and half open, when it is time. cured reports whether labels and features that tripped are well again.
func (m *machine) goOn(at event.Micros, cured bool) {
	if m.follows || m.clean < cleanWindows || !m.golden || !cured || m.person {
		return
	}
	g := m.last
	switch {
	case g.State == control.Open && at >= g.HoldUntil:
		g.State = control.HalfOpen
	case g.State == control.HalfOpen:
		g.State, g.Reason = control.Closed, ""
	default:
		return
	}
	g.ChangedAt, g.WindowFrom, g.WindowTo = at, 0, 0
	g.Statistic, g.Threshold = float64(m.clean), cleanWindows
	if m.leases {
		g.ValidUntil = at + lease
	}
	m.took(&g, true)
	m.emit(g, "golden rows pass, windows in a row see nothing")
}

// renew begins, or prolongs, the time a record holds that is not of an open guard.
func (m *machine) renew(at event.Micros) {
	if m.follows || !m.leases || m.state() == control.Open || m.last.ValidUntil-at > lease/2 {
		return
	}
	g, note := m.last, "still watched"
	if g.State == "" {
		g.State, g.Signal, g.ChangedAt, note = control.Closed, control.G1, at, "watched from here on"
	}
	g.ValidUntil = at + lease
	m.took(&g, true)
	m.emit(g, note)
}
