package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"andon/detectors/rule"
	"andon/pipeline"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// explainCmd is `andon explain`.
type explainCmd struct {
	configured
	ID   string `arg:"" placeholder:"ID" help:"The exception_id, or so much of its beginning that it is the only one."`
	Lane string `placeholder:"LANE" help:"Look in this lane only, e.g. carrier/3. Needed for an exception of which nothing stands in Kafka any more."`
	JSON bool   `name:"json" help:"Print it as JSON."`
}

// Help is shown by --help.
func (explainCmd) Help() string {
	return `Tells how an exception came about: the rule in words and numbers, the events it stands on and where they lie, what is at stake, who
decided, and which beats wrote its revisions. The proof is that the lane is run again from its start until they come out: the same
bytes as those in Kafka, from beats whose digests are the journal's. It only reads, and may run beside the detectors.

  andon explain 2315b4a46f34a603 --config andon.yaml
  andon explain 2315b4a46f34a6038f6c05bc3ca16e45 --config andon.yaml --json

ClickHouse knows the ids: SELECT exception_id, code, subject FROM andon.exceptions_current.

Exit codes: 0 told and proved, 1 it does not match what Kafka holds, 2 the command line or the configuration is wrong, 3 it could not
be proved: the lane was judged by another logic or with other settings, its records are gone, or Kafka did not let it read.`
}

var idPrefix = regexp.MustCompile(`^[0-9a-f]{4,32}$`)

// idLength is how many digits a whole id has.
const idLength = 32

// Run finds the exception, runs its lane again and tells.
func (c explainCmd) Run(ctx context.Context) error {
	id := strings.ToLower(c.ID)
	if !idPrefix.MatchString(id) {
		return usageError{fmt.Errorf("%q is no exception_id: it has %d hexadecimal digits, of which at least 4 are needed", c.ID, idLength)}
	}
	a, lanes, err := c.openAudit(ctx, c.Lane)
	if err != nil {
		return err
	}
	s, err := a.find(ctx, id, lanes)
	if err != nil {
		return err
	}
	if s == nil && (c.Lane == "" || len(id) < idLength) {
		return fmt.Errorf("no exception %s stands in %s: ClickHouse lists the ids there are; one that was forgotten is found by its whole id and --lane, "+
			"which runs that lane again", id, a.books.Exceptions())
	}
	if s == nil {
		s = &account{ID: id, candidates: lanes}
	}
	if err := a.trace(ctx, s); err != nil {
		return err
	}
	settings, err := a.settings(ctx, s.revisions[len(s.revisions)-1].entry.Control)
	if err != nil {
		return err
	}
	a.fill(s, settings)
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(s)
	} else {
		s.print(os.Stdout)
	}
	return errors.Join(err, s.verdict())
}

// find reads the revisions that stand and names the lanes that may have written them; nil when there are none.
func (a *auditor) find(ctx context.Context, id string, lanes []pipeline.Lane) (*account, error) {
	found := map[string]*account{}
	for p := range partitionsOf(lanes) {
		_, err := a.books.Written(ctx, pipeline.Exceptions, p, func(r *pipeline.Record) {
			if !bytes.HasPrefix(r.Key, []byte(id)) {
				return
			}
			s := found[string(r.Key)]
			if s == nil {
				s = &account{ID: string(r.Key)}
				found[s.ID] = s
			}
			s.standing = append(s.standing, stands{p, r.Offset, r.Value})
		})
		if err != nil {
			return nil, uncheckedError{fmt.Errorf("read %s: %w", a.books.Exceptions(), oneLine(err))}
		}
	}
	ids := slices.Sorted(maps.Keys(found))
	switch {
	case len(ids) == 0:
		return nil, nil
	case len(ids) > 1:
		return nil, usageError{fmt.Errorf("%d exceptions begin with %s, %s and %s among them: give more digits", len(ids), id, ids[0], ids[1])}
	}
	s := found[ids[0]]
	return s, s.place(lanes)
}

func partitionsOf(lanes []pipeline.Lane) map[int32]bool {
	all := map[int32]bool{}
	for _, l := range lanes {
		all[l.Partition] = true
	}
	return all
}

// place finds out the lanes that may have written what stands: that of the code's family, or all of the partition when only a tombstone stands.
func (s *account) place(lanes []pipeline.Lane) error {
	family := event.Family(255)
	for _, r := range s.standing {
		var x exception.Exception
		if r.value == nil || exception.Decode(r.value, &x) != nil {
			continue
		}
		known := rule.ByCode(x.Code)
		if known == nil {
			return uncheckedError{fmt.Errorf("exception %s is of code %s, which this build does not know: run the build that judged it", s.ID, x.Code)}
		}
		family, s.subject = known.Family, x.Subject
	}
	for _, l := range lanes {
		if l.Partition == s.standing[0].partition && (family == l.Family || s.subject == "") {
			s.candidates = append(s.candidates, l)
		}
	}
	if len(s.candidates) == 0 {
		return usageError{fmt.Errorf("exception %s is of lane %s/%d: leave --lane out, or name that", s.ID, family, s.standing[0].partition)}
	}
	return nil
}

// trace runs the lanes again and notes what they do about the exception. When nothing tells its subject, a first run finds it out.
func (a *auditor) trace(ctx context.Context, s *account) (err error) {
	for again := true; again; {
		again = s.subject == ""
		s.revisions, s.events = nil, nil
		a.Watch = s.watch
		if s.report, err = a.run(ctx, s.candidates); err != nil {
			return err
		}
		if len(s.revisions) == 0 {
			return s.never(a)
		}
		if again { // now it is known
			s.candidates = []pipeline.Lane{s.revisions[0].lane}
		}
	}
	return nil
}

// never is the error of an exception that no beat wrote.
func (s *account) never(a *auditor) error {
	err := fmt.Errorf("lane %s, run again, never raises exception %s: look in another lane", s.candidates[0], s.ID)
	if len(s.standing) > 0 {
		err = fmt.Errorf("no beat that was run again wrote exception %s, of which %s partition %d offset %d speaks: andon verify tells what else does not match", s.ID,
			a.books.Exceptions(), s.standing[0].partition, s.standing[0].offset)
	}
	if len(s.report.Unchecked) > 0 {
		return uncheckedError{fmt.Errorf("%w; not all of it could be run: %s", err, s.report.Unchecked[0].Says)}
	}
	return err
}
