package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/journal"
)

// account tells how one exception came about.
type account struct {
	ID        string     `json:"exception_id"`
	Lane      string     `json:"lane"`
	Code      string     `json:"code"`
	Title     string     `json:"title"`
	Text      string     `json:"text"` // of the rule
	DecidedBy string     `json:"decided_by"`
	Revisions []revision `json:"revisions"`
	Settings  []inForce  `json:"settings"`
	Evidence  []evidence `json:"events"` // of the subject, up to the last revision
	Proof     proof      `json:"proof"`

	standing   []stands
	candidates []pipeline.Lane
	subject    string
	report     audit.Report

	mu        sync.Mutex // of what lanes running again note
	revisions []made
	events    []seen
}

// stands is a revision, or a tombstone, as it stands.
type stands struct {
	partition int32
	offset    int64
	value     []byte
}

// made is a revision, or a tombstone, as it came of a beat that was run again.
type made struct {
	lane   pipeline.Lane
	value  []byte
	entry  journal.Entry
	hash   journal.Hash
	offset int64 // of the entry
	same   bool  // the beat came to what the entry says
	events int   // of the subject, seen up to and with this beat
	caused bool  // the beat had an event of the subject
}

// seen is a record of the subject.
type seen struct {
	pipeline.Record
	side bool
}

// watch notes what a beat that was run again does about the exception, until all that stands came out.
func (s *account) watch(step *audit.Step) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	caused := false
	for i := range step.Items {
		if r, side := step.Record(i); s.subject != "" && string(r.Key) == s.subject && !step.Items[i].Skip {
			s.events, caused = append(s.events, seen{*r, side}), true
		}
	}
	for _, o := range step.Outputs {
		if o.Topic != pipeline.Exceptions || string(o.Key) != s.ID {
			continue
		}
		var x exception.Exception
		if s.subject == "" && o.Value != nil && exception.Decode(bytes.Clone(o.Value), &x) == nil {
			defer func() { s.subject = x.Subject }() // the events of this beat are noted by the next run
		}
		s.revisions = append(s.revisions, made{step.Lane, bytes.Clone(o.Value), *step.Entry, step.Hash, step.Offset, step.Same, len(s.events), caused})
	}
	if len(s.standing) == 0 || len(s.revisions) == 0 {
		return true
	}
	last := s.standing[len(s.standing)-1]
	return !slices.ContainsFunc(s.revisions, func(m made) bool { return bytes.Equal(m.value, last.value) && (m.value == nil) == (last.value == nil) })
}

// revision is one record of the exception.
type revision struct {
	Exception *exception.Exception `json:"exception,omitempty"` // absent: a tombstone, the entity was forgotten
	Stands    string               `json:"stands,omitempty"`    // topic/partition/offset; empty when it was compacted away
	Same      bool                 `json:"same"`                // it stands as the beat that was run again came to it
	ByTime    bool                 `json:"by_time,omitempty"`   // time alone made the beat judge anew
	Entry     journal.Entry        `json:"entry"`
	Hash      journal.Hash         `json:"entry_hash"`
	At        string               `json:"entry_stands"` // topic/partition/offset
	SameEntry bool                 `json:"entry_same"`   // the beat came to the counts, times and digest of the entry

	events int
}

// inForce is a number the rule judged by.
type inForce struct {
	Name    string `json:"name"`
	Value   int64  `json:"value"`
	Default bool   `json:"default"`
	Text    string `json:"text"`
}

// evidence is an event of the subject.
type evidence struct {
	EventID    string         `json:"event_id"`
	Type       string         `json:"type"`
	Time       event.Micros   `json:"event_time"`
	RecordedAt event.Micros   `json:"recorded_at"`
	Stands     string         `json:"stands"`          // topic/partition/offset
	Again      []string       `json:"again,omitempty"` // where the same event stands once more, word for word
	Revisions  []int32        `json:"revisions"`       // that stand on it; none: the subject's, and no evidence
	Says       map[string]any `json:"says"`            // what else the event states, less the lines of a document about other goods

	content uint64
}

// proof is what was run again for it.
type proof struct {
	Entries  int64    `json:"entries"`
	Checked  int64    `json:"checked"`
	Records  int64    `json:"records"`
	Logic    string   `json:"logic"`
	Settings string   `json:"settings"`
	Proved   bool     `json:"proved"`
	But      []string `json:"but,omitempty"` // what does not match, or could not be checked
	mismatch bool
}

// fill makes the account of what was found, with the settings in force at the last of it.
func (a *auditor) fill(s *account, judgedBy setting.Settings) {
	s.Lane = s.candidates[0].String()
	family := s.candidates[0].Family
	left := slices.Clone(s.standing)
	for _, m := range s.revisions {
		r := revision{Entry: m.entry, Hash: m.hash, SameEntry: m.same, ByTime: !m.caused && m.value != nil, events: m.events,
			At: fmt.Sprintf("%s/%d/%d", a.books.Journal(), m.lane.Partition, m.offset)}
		if m.value != nil {
			r.Exception = new(exception.Exception)
			_ = exception.Decode(m.value, r.Exception) // it is ours, of a moment ago
			s.Code, s.DecidedBy = r.Exception.Code, r.Exception.DecidedBy
		}
		if i := slices.IndexFunc(left, func(x stands) bool { return bytes.Equal(x.value, m.value) && (x.value == nil) == (m.value == nil) }); i >= 0 {
			r.Same, r.Stands = true, fmt.Sprintf("%s/%d/%d", a.books.Exceptions(), left[i].partition, left[i].offset)
			left = slices.Delete(left, i, i+1)
		}
		s.Revisions = append(s.Revisions, r)
	}
	if known := rule.ByCode(s.Code); known != nil {
		s.Title, s.Text, s.Settings = known.Title, known.Text, settingsOf(known, judgedBy)
	}
	for i := range s.events {
		s.tell(a.event(s, family, &s.events[i], i))
	}
	s.times()
	s.Proof = a.proof(s, left, s.revisions[len(s.revisions)-1].entry.Settings)
}

// tell adds an event, or to one that is told already that it came once more.
func (s *account) tell(ev evidence) {
	for i := range s.Evidence {
		if was := &s.Evidence[i]; was.EventID == ev.EventID && was.content == ev.content {
			was.Again = append(was.Again, ev.Stands)
			return
		}
	}
	s.Evidence = append(s.Evidence, ev)
}

// times finds the revisions that were opened by an instant after all that they stand on.
func (s *account) times() {
	for i := range s.Revisions {
		x := s.Revisions[i].Exception
		if x == nil || x.Change != exception.WasOpened {
			continue
		}
		by := false
		for _, ev := range s.Evidence {
			by = by || slices.Contains(ev.Revisions, x.Revision) && ev.Time >= x.OpenedAt
		}
		s.Revisions[i].ByTime = !by
	}
}

// settingsOf are the numbers a rule is given: its own, and what else the configuration sets.
func settingsOf(r *rule.Rule, s setting.Settings) (all []inForce) {
	set := maps.Clone(s.Rules[r.Code])
	for _, n := range r.Settings {
		value, is := set[n.Name]
		if !is {
			value = n.Default
		}
		delete(set, n.Name)
		all = append(all, inForce{n.Name, value, !is, n.Text})
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		all = append(all, inForce{name, set[name], false, "of what is at stake"})
	}
	return all
}

// event says what an event of the subject states, and which revisions stand on it.
func (a *auditor) event(s *account, family event.Family, r *seen, nth int) evidence {
	var e event.Event
	_ = event.Decode(family, r.Key, r.Value, &e) // it was an event when the lane was run again
	ev := evidence{EventID: e.ID, Type: e.Type.String(), Time: e.Time, RecordedAt: r.At, Revisions: []int32{}, Says: map[string]any{}, content: e.Content,
		Stands: fmt.Sprintf("%s/%d/%d", a.books.Topic(family, r.side), s.candidates[0].Partition, r.Offset)}
	item, line := "", ""
	for i := range s.Revisions {
		x := s.Revisions[i].Exception
		if x == nil {
			continue
		}
		item, line = x.Item, x.Line
		if nth < s.Revisions[i].events && slices.Contains(x.Evidence, event.IDHash(e.ID)) {
			ev.Revisions = append(ev.Revisions, x.Revision)
		}
	}
	e.Lines = slices.DeleteFunc(slices.Clone(e.Lines), func(l event.Line) bool {
		return line != "" && l.Line != line || line == "" && item != "" && !strings.HasSuffix(item, l.Item()) // a GTIN counts in 14 digits
	})
	text := event.Append(nil, &e)
	_ = json.Unmarshal(text, &ev.Says)
	for _, told := range []string{"event_id", "type", "event_time", "tenant", "despatch_id", "carrier", "tracking_no", "fulfilment_id"} {
		delete(ev.Says, told)
	}
	return ev
}

// proof sums up what was run again, and what stands otherwise.
func (a *auditor) proof(s *account, left []stands, settings string) proof {
	t := s.report.Total()
	p := proof{Entries: t.Entries, Checked: t.Checked, Records: t.Events, Logic: a.Logic, Settings: settings}
	for _, x := range left {
		p.But = append(p.But, fmt.Sprintf("%s/%d/%d stands, and no beat that was run again wrote it so", a.books.Exceptions(), x.partition, x.offset))
		p.mismatch = len(s.report.Unchecked) == 0 // else one of those may have
	}
	for i := range s.report.Findings {
		p.But, p.mismatch = append(p.But, s.report.Findings[i].Says), true
	}
	for _, u := range s.report.Unchecked {
		p.But = append(p.But, fmt.Sprintf("entries %d to %d were not checked: %s", u.From, u.To, u.Says))
	}
	p.Proved = len(p.But) == 0
	return p
}

// verdict is the account as an exit code and a line.
func (s *account) verdict() error {
	switch {
	case s.Proof.mismatch:
		return fmt.Errorf("it is not proved: %s (andon verify --lane %s tells all)", s.Proof.But[0], s.Lane)
	case !s.Proof.Proved:
		return uncheckedError{fmt.Errorf("it could not be proved: %s", s.Proof.But[0])}
	}
	return nil
}
