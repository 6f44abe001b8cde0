// Package detectortest runs rule scripts: stories of events and passing time, each line followed by what the rule said to it.
//
//	set CA-04 grace_s=0                       a rule's setting; only at the top
//	source carrier=ACME statuses=ACCEPTED     what a source declares to send; only at the top
//	reference gaps status=ACCEPTED n=1 ...    an entry of a table of what is usual; only at the top
//	event carrier.scan 3T18:00 status=...     an event of March 2025 (day T hour:minute), members as on the wire; the subject may be left out
//	again m1 5T09:00                          the event m1 once more, as its broker saw it then
//	correct m1 5T09:00                        a correction that retracts m1
//	tick 4T00:00                              time passes on the lane
//
// A line starting with "= " is output: one per exception revision, and one when the rule abstains. Run writes the output anew; a test compares.
package detectortest

import (
	"fmt"
	"strings"

	"andon/detectors"
	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/schemas/beat"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// Run runs a script against the rule of a code and returns it with its output lines written anew. The error names the line that makes no sense.
func Run(code, script string) (string, error) {
	r := rule.ByCode(code)
	if r == nil {
		return "", fmt.Errorf("there is no rule %s", code)
	}
	s := &session{rule: r, settings: setting.Settings{Clock: setting.Log}, names: map[uint64]string{}, sent: map[string]beat.Item{}}
	for n, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		if strings.HasPrefix(line, "= ") {
			continue
		}
		s.out.WriteString(line + "\n")
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.command(words[0], words[1:]); err != nil {
			return "", fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return s.out.String(), nil
}

type session struct {
	rule     *rule.Rule
	settings setting.Settings
	engine   *detectors.Engine
	names    map[uint64]string // evidence -> event id
	sent     map[string]beat.Item
	out      strings.Builder
}

func (s *session) command(name string, args []string) error {
	switch name {
	case "set":
		return s.set(args)
	case "source":
		return s.source(args)
	case "reference":
		return s.reference(args)
	case "event":
		return s.event(args)
	case "again":
		return s.again(args)
	case "correct":
		return s.correct(args)
	case "tick":
		return s.tick(args)
	}
	return fmt.Errorf("there is no command %q", name)
}

// fold runs one item as a beat of its own and writes down what came of it.
func (s *session) fold(it beat.Item) error {
	if s.engine == nil {
		var err error
		if s.engine, err = detectors.New(s.rule.Family, s.settings); err != nil {
			return err
		}
	}
	st := s.engine.Step(beat.Batch{Items: []beat.Item{it}})
	for _, r := range st.Rejected {
		return fmt.Errorf("rejected: %s %s", r.Reason, r.Detail)
	}
	for _, d := range st.Disarmed {
		return fmt.Errorf("timer panicked: %s", d.Detail)
	}
	settled := s.engine.Settle(nil)
	for _, p := range settled.Poisoned {
		return fmt.Errorf("settle panicked: %s", p.Detail)
	}
	s.engine.Keep()
	for _, a := range st.Abstained {
		if a.Code == s.rule.Code {
			fmt.Fprintf(&s.out, "= abstains, missing: %s\n", a.Missing)
		}
	}
	for i := range settled.Exceptions {
		if x := &settled.Exceptions[i]; x.Code == s.rule.Code {
			s.out.WriteString("= " + s.describe(x) + "\n")
		}
	}
	return nil
}

func (s *session) describe(x *exception.Exception) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s [%s] opened %s", x.Change, x.Revision, x.Severity, x.Episode, clock(x.OpenedAt))
	if x.ClearedAt != 0 {
		fmt.Fprintf(&b, " cleared %s", clock(x.ClearedAt))
	}
	if x.LateData {
		b.WriteString(" late_data")
	}
	fmt.Fprintf(&b, ": %s (", strings.Join(x.Reasons, "; "))
	for i, h := range x.Evidence {
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(s.names[h])
	}
	return b.String() + ")"
}

// clock writes an instant as scripts do.
func clock(m event.Micros) string {
	return m.UTC().Format("2T15:04")
}
