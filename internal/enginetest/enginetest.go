// Package enginetest gives the tests of one package one real Kafka and one real ClickHouse, started by the first test that
// asks and stopped when the package's tests are over. A package that uses it has
//
//	func TestMain(m *testing.M) { enginetest.Main(m) }
//
// A test keeps to its own topics and database, named by Prefix and Database, because the engines are shared. A missing
// engine fails the test: the error names make engines. With -short the tests that ask for an engine are skipped.
package enginetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"andon/internal/embedded"
)

// engine is one started engine.
type engine interface {
	Running() bool
	Restart(context.Context) error
	Stop() error
}

// shared is one engine and the outcome of its only start.
type shared[E engine] struct {
	once   sync.Once
	engine E
	err    error
}

var (
	dir        string // where the engines of this package's tests store everything
	kafka      shared[*embedded.Kafka]
	clickHouse shared[*embedded.ClickHouse]
	names      atomic.Int64
)

// Main runs the tests of a package, stops what they started, removes its data and exits.
func Main(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "andon-engines-"); err != nil {
		fmt.Fprintln(os.Stderr, "enginetest:", err)
		os.Exit(1)
	}
	code := m.Run()
	for _, stop := range []func() error{kafka.stop, clickHouse.stop, func() error { return os.RemoveAll(dir) }} {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "enginetest:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// Kafka is the package's Apache Kafka. A test may kill it and start it again; one that another test left stopped is
// started again here.
func Kafka(t testing.TB) *embedded.Kafka {
	t.Helper()
	return kafka.get(t, "kafka", embedded.StartKafka)
}

// ClickHouse is the package's ClickHouse, with the same freedom as Kafka.
func ClickHouse(t testing.TB) *embedded.ClickHouse {
	t.Helper()
	return clickHouse.get(t, "clickhouse", embedded.StartClickHouse)
}

// Needed skips a test that starts a real engine of its own, when -short leaves those out. Kafka and ClickHouse call it.
func Needed(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real engine, which -short leaves out")
	}
}

func (s *shared[E]) get(t testing.TB, name string, start func(context.Context, string) (E, error)) E {
	t.Helper()
	if dir == "" {
		t.Fatal("enginetest: the package needs a TestMain that calls enginetest.Main")
	}
	Needed(t)
	s.once.Do(func() { s.engine, s.err = start(context.Background(), filepath.Join(dir, name)) })
	if s.err != nil {
		t.Fatal(s.err)
	}
	if !s.engine.Running() {
		if err := s.engine.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return s.engine
}

// stop ends the engine if it was ever started. No test runs any more.
func (s *shared[E]) stop() error {
	started := true
	s.once.Do(func() { started = false })
	if !started || s.err != nil {
		return nil
	}
	return s.engine.Stop()
}

var unsafeInNames = regexp.MustCompile(`[^a-z0-9]+`)

// Prefix is a topic prefix, also good for a group or an instance name, that no other test of the package is given.
func Prefix(t testing.TB) string {
	name := unsafeInNames.ReplaceAllString(strings.ToLower(t.Name()), "_")
	return fmt.Sprintf("%.60s_%d.", name, names.Add(1))
}

// Database creates an empty database in c that no other test of the package is given, and returns its name.
func Database(t testing.TB, c *embedded.ClickHouse) string {
	t.Helper()
	name := strings.TrimSuffix(Prefix(t), ".")
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{c.Addr()},
		Auth: clickhouse.Auth{Database: "andon", Username: "default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Exec(t.Context(), "CREATE DATABASE "+name+" ENGINE = Atomic"); err != nil { // only letters, digits, _
		t.Fatalf("create database %s: %v", name, err)
	}
	return name
}
