package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"andon/internal/embedded"
	"andon/internal/enginetest"
)

func TestClickHouseKeepsRowsOverKillAndStop(t *testing.T) {
	c := enginetest.ClickHouse(t)
	conn := connect(t, c, enginetest.Database(t, c))
	if err := conn.Exec(t.Context(), "CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n"); err != nil {
		t.Fatal(err)
	}
	insert(t, conn, 0, 1000)
	checkRows(t, conn, 1000)

	addr := c.Addr()
	c.Kill()
	if c.Running() {
		t.Fatal("still running after Kill")
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.Addr() != addr {
		t.Errorf("moved from %s to %s", addr, c.Addr())
	}
	checkRows(t, conn, 1000)

	insert(t, conn, 1000, 500)
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkRows(t, conn, 1500)
}

func TestClickHouseStopsWhileClientsAreBusy(t *testing.T) {
	c := enginetest.ClickHouse(t)
	conn := connect(t, c, "andon")
	busy := make(chan error, 1)
	go func() {
		busy <- conn.Exec(t.Context(), "SELECT sum(number) FROM numbers(1000000000000)")
	}()
	await(t, "the query to run", func() bool {
		var n uint64
		err := connect(t, c, "andon").QueryRow(t.Context(),
			"SELECT count() FROM system.processes WHERE query LIKE 'SELECT sum(number)%'").Scan(&n)
		return err == nil && n == 1
	})
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := <-busy; err == nil {
		t.Error("the query that was running ended without an error")
	}
}

func TestClickHouseIsLimitedAndLocal(t *testing.T) {
	c := enginetest.ClickHouse(t)
	conn := connect(t, c, "andon")
	for query, want := range map[string]string{
		"SELECT engine FROM system.databases WHERE name = 'andon'":                        "Atomic",
		"SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'": fmt.Sprint(3072 << 20),
		"SELECT toString((host_ip, host_names)) FROM system.users WHERE name = 'default'": "([],['localhost'])",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), query).Scan(&got); err != nil {
			t.Errorf("%s: %v", query, err)
		} else if got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

func TestSecondServerOnADirectoryFails(t *testing.T) {
	enginetest.Needed(t)
	dir := t.TempDir()
	first, err := embedded.StartClickHouse(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err = embedded.StartClickHouse(ctx, dir)
	if err == nil || ctx.Err() != nil {
		t.Fatalf("got %v, want an error as soon as the process exits", err)
	}
	if !strings.Contains(err.Error(), "clickhouse.log") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is not one line that names the log: %v", err)
	}
}

func TestMissingEngineNamesTheCommand(t *testing.T) {
	t.Setenv("ANDON_ENGINES", t.TempDir())
	_, kafka := embedded.StartKafka(t.Context(), t.TempDir())
	_, clickHouse := embedded.StartClickHouse(t.Context(), t.TempDir())
	for name, err := range map[string]error{"kafka": kafka, "clickhouse": clickHouse} {
		if !errors.Is(err, embedded.ErrMissing) {
			t.Errorf("%s: got %v, want ErrMissing", name, err)
		} else if text := err.Error(); !strings.Contains(text, "make engines") || strings.Contains(text, "\n") {
			t.Errorf("%s: not one line that names make engines: %s", name, text)
		}
	}
}

// connect opens a connection pool that outlives restarts of the server.
func connect(t *testing.T, c *embedded.ClickHouse, database string) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{c.Addr()},
		Auth: clickhouse.Auth{Database: database, Username: "default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func insert(t *testing.T, conn driver.Conn, first, n int) {
	t.Helper()
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO kept")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := batch.Append(uint64(first + i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

// checkRows checks that the table holds 0 to n-1, each once. A pooled connection of the server before may fail first.
func checkRows(t *testing.T, conn driver.Conn, n uint64) {
	t.Helper()
	var count, distinct, highest uint64
	await(t, "an answer", func() bool {
		err := conn.QueryRow(t.Context(), "SELECT count(), uniqExact(n), max(n) FROM kept").Scan(&count, &distinct, &highest)
		return err == nil
	})
	if count != n || distinct != n || highest != n-1 {
		t.Errorf("got %d rows, %d distinct, up to %d; want 0 to %d, each once", count, distinct, highest, n-1)
	}
}

// await waits until it holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited too long for %s", what)
		case <-tick.C:
		}
	}
}

// A killed client resets its connection; the library alone would abort on it.
func TestClickHouseOutlivesResetClients(t *testing.T) {
	c := enginetest.ClickHouse(t)
	for range 20 {
		var connection *net.TCPConn
		conn, err := clickhouse.Open(&clickhouse.Options{
			Addr: []string{c.Addr()},
			DialContext: func(ctx context.Context, addr string) (net.Conn, error) {
				dialed, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
				if err == nil {
					connection = dialed.(*net.TCPConn)
				}
				return dialed, err
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Ping(t.Context()); err != nil {
			t.Fatalf("running %v: %v", c.Running(), err)
		}
		if err := connection.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		connection.Close()
	}
	if err := connect(t, c, "andon").Ping(t.Context()); err != nil {
		t.Errorf("running %v: %v", c.Running(), err)
	}
}
