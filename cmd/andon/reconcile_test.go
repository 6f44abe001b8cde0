package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// reconcile runs andon reconcile and returns what it said and its exit code.
func (l *line) reconcile(args ...string) (said string, code int) {
	l.Helper()
	out, err := command(l.T, append([]string{"reconcile", "--config", l.file(l.cfg)}, args...)...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	} else if err != nil {
		l.Fatal(err)
	}
	return string(out), exitOK
}

// checkReconciled holds the tables against the topics, takes some events away, and has them brought back.
func checkReconciled(t *testing.T, l *line, events int) {
	t.Helper()
	said, code := l.reconcile()
	if code != exitOK || strings.Count(said, "\n") < 20 { // a line for each partition
		t.Fatalf("reconcile after all was loaded exits with %d and says\n%s", code, said)
	}
	t.Logf("as loaded:\n%s", said)
	lose := "ALTER TABLE %s.events DELETE WHERE sipHash64(offset) %% 1000 = 0 SETTINGS mutations_sync = 2"
	if err := l.rows.Exec(l.Context(), fmt.Sprintf(lose, l.cfg.ClickHouse.Database)); err != nil {
		t.Fatal(err)
	}
	lost := events - l.number("SELECT count() FROM %s.events")
	said, code = l.reconcile("--table", "events")
	if want := fmt.Sprintf("andon: %d rows are missing, 0 are changed, 0 have no record: run it again with --repair", lost); code != exitFailure ||
		lost == 0 || !strings.Contains(said, want) {
		t.Errorf("with %d rows lost reconcile exits with %d and says\n%s", lost, code, said)
	}
	if said, code = l.reconcile("--table", "events", "--repair"); code != exitOK {
		t.Errorf("--repair exits with %d and says\n%s", code, said)
	}
	if n := l.number("SELECT count() FROM %s.events"); n != events {
		t.Errorf("%d rows after the repair of %d events", n, events)
	}
	if said, code = l.reconcile("--since", "1m", "--table", "exceptions"); code != exitOK {
		t.Errorf("--since exits with %d and says\n%s", code, said)
	}
}

func TestReconcileRefusesWhatItDoesNotKnow(t *testing.T) {
	out, err := command(t, "reconcile", "--config", "../../deploy/andon.example.yaml", "--table", "journal").CombinedOutput()
	exit, _ := errors.AsType[*exec.ExitError](err)
	if exit == nil || exit.ExitCode() != exitUsage || !strings.Contains(string(out), "there is no table journal") {
		t.Errorf("an unknown table: %v\n%s", err, out)
	}
}
