package load_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"andon/internal/enginetest"
	"andon/pipeline"
	"andon/pipeline/kafka"
	"andon/pipeline/load"
	"andon/schemas/event"
)

// mishaps is a log and a table that fail, and end the loader, before or after what they are asked to do.
type mishaps struct {
	load.Log
	load.Table
	mu     sync.Mutex
	random *rand.Rand
	die    context.CancelFunc
}

var errMishap = errors.New("mishap")

// strike does an action or not and may end the loader.
func (m *mishaps) strike(action func() error) error {
	m.mu.Lock()
	chance := m.random.IntN(12)
	m.mu.Unlock()
	switch chance {
	case 0:
		m.die()
		return errMishap
	case 1:
		_ = action()
		m.die()
		return errMishap
	case 2:
		_ = action()
		return errMishap
	case 3:
		return errMishap
	}
	return action()
}

func (m *mishaps) Commit(ctx context.Context, positions []load.Position) error {
	return m.strike(func() error { return m.Log.Commit(ctx, positions) })
}

func (m *mishaps) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (done load.Inserted, err error) {
	err = m.strike(func() error { done, err = m.Table.Insert(ctx, token, from, records); return err })
	return done, err
}

func TestExactOverCrashesAndAnOutage(t *testing.T) {
	const half, deaths = 10_000, 8
	s := newSite(t)
	s.produce(half)
	random := rand.New(rand.NewPCG(1, 2))
	for _, table := range []string{"events", "exceptions", "costs"} {
		for range deaths {
			s.start(s.Config, table, func(die context.CancelFunc, log load.Log, into load.Table) (load.Log, load.Table) {
				m := &mishaps{Log: log, Table: into, random: rand.New(rand.NewPCG(random.Uint64(), 0)), die: die}
				return m, m
			}).end()
		}
	}
	t.Logf("after %d deaths each: %d events, %d revisions and %d costs of %d are there", deaths,
		s.count("SELECT count() FROM DB.events FINAL"), s.count("SELECT count() FROM DB.exceptions FINAL"), s.count("SELECT count() FROM DB.costs FINAL"), half)
	all := []*loader{s.start(s.Config, "events", nil), s.start(s.Config, "exceptions", nil), s.start(s.Config, "costs", nil)}
	s.await("the first half", s.complete)
	s.check()

	server := enginetest.ClickHouse(t)
	server.Kill()
	s.produce(half)
	s.await("all loaders to say that they cannot load", func() bool {
		return !slices.ContainsFunc(all, func(l *loader) bool { return l.value("andon_load_down") == 0 })
	})
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.await("the second half", s.complete)
	s.await("the loaders to say that nothing waits", func() bool {
		for _, l := range all {
			if l.value("andon_load_down") != 0 || l.value("andon_load_lag_offsets") != 0 || l.value("andon_load_delay_seconds") != 0 {
				return false
			}
		}
		return true
	})
	for _, l := range all {
		l.stop()
	}
	s.check()
}

// lastInsert ends its loader with its first insert, though the rows of that are there.
type lastInsert struct {
	load.Table
	die context.CancelFunc
}

func (l lastInsert) Insert(ctx context.Context, token string, from load.Partition, records []pipeline.Record) (load.Inserted, error) {
	_, _ = l.Table.Insert(context.WithoutCancel(ctx), token, from, records) // those under way beside it end as well
	l.die()
	return load.Inserted{}, errMishap
}

// A server that is killed between keeping a token and keeping its rows (seen, docs/adr/0012) answers a retry as if all were well. Here the rows
// are taken away behind the token.
func TestATokenWithoutRowsHidesNothing(t *testing.T) {
	s := newSite(t)
	s.produce(1000)
	for _, table := range []string{"events", "exceptions", "costs"} {
		s.start(s.Config, table, func(die context.CancelFunc, log load.Log, into load.Table) (load.Log, load.Table) {
			return log, lastInsert{into, die}
		}).end()
		before := s.count("SELECT count() FROM DB." + table)
		where := "1"
		if table == "events" {
			where = "toYYYYMM(event_time) = 202601" // of one partition of the table only: the others keep theirs
		}
		query := fmt.Sprintf("ALTER TABLE %s.%s DELETE WHERE %s SETTINGS mutations_sync = 2", s.database, table, where)
		if err := s.conn.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
		if after := s.count("SELECT count() FROM DB." + table); before == 0 || after >= before {
			t.Errorf("%s: %d rows were inserted, %d are left", table, before, after)
		}
	}
	all := []*loader{s.start(s.Config, "events", nil), s.start(s.Config, "exceptions", nil), s.start(s.Config, "costs", nil)}
	s.await("all rows", s.complete)
	for _, l := range all {
		if l.value("andon_load_hidden_blocks_total") == 0 {
			t.Error("no block was found hidden behind its token: the test took nothing away")
		}
		l.stop()
	}
	s.check()
}

func TestTwoProcessesShareAndHandOver(t *testing.T) {
	s := newSite(t)
	other := s.Config
	other.Instance = s.OwnPrefix + "two"
	first, second := s.start(s.Config, "events", nil), s.start(other, "events", nil)
	changes, costs := s.start(s.Config, "exceptions", nil), s.start(s.Config, "costs", nil)
	s.await("both to load", func() bool {
		s.produce(500)
		return first.value("andon_load_rows_total") > 0 && second.value("andon_load_rows_total") > 0
	})
	first.stop()
	s.produce(1000)
	s.await("the other to load everything", s.complete)
	second.stop()
	changes.stop()
	costs.stop()
	s.check()
}

func TestALoaderWithoutOffsetsIsRefused(t *testing.T) {
	s := newSite(t)
	c := s.Config
	c.OwnPrefix = s.OwnPrefix + "never."
	_, err := kafka.JoinLoad(t.Context(), c, kafka.LoadEvents, []string{s.Input(event.ASN)}, s.log)
	if !errors.Is(err, pipeline.ErrNoOffsets) || !strings.Contains(err.Error(), "andon topics apply") || pipeline.KindOf(err) != pipeline.Refused {
		t.Errorf("JoinLoad without offsets: %v", err)
	}
}
