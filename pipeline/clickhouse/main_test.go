package clickhouse_test

import (
	"context"
	"log/slog"
	"testing"

	"andon/internal/enginetest"
	"andon/pipeline/clickhouse"

	client "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

var silent = slog.New(slog.DiscardHandler)

// connect opens connections as a user; they outlive restarts of the server.
func connect(t testing.TB, user string) driver.Conn {
	t.Helper()
	conn, err := client.Open(&client.Options{
		Addr: []string{enginetest.ClickHouse(t).Addr()},
		Auth: client.Auth{Username: user},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// newDatabase returns an empty database that no other test has, and its name.
func newDatabase(t testing.TB, conn driver.Conn) (*clickhouse.DB, string) {
	t.Helper()
	name := enginetest.Database(t, enginetest.ClickHouse(t))
	db, err := clickhouse.New(t.Context(), conn, name)
	if err != nil {
		t.Fatal(err)
	}
	return db, name
}

// migrated returns a database with all tables, and its name.
func migrated(t testing.TB, conn driver.Conn) (*clickhouse.DB, string) {
	t.Helper()
	db, name := newDatabase(t, conn)
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, name
}

// one reads the single value of a query.
func one[T any](t testing.TB, conn driver.Conn, query string) (v T) {
	t.Helper()
	if err := conn.QueryRow(context.Background(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func exec(t testing.TB, conn driver.Conn, query string) {
	t.Helper()
	if err := conn.Exec(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
