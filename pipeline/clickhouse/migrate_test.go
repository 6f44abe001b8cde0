package clickhouse_test

import (
	"fmt"
	"strings"
	"testing"

	"andon/pipeline"
	"andon/pipeline/clickhouse"
	tables "andon/schemas/clickhouse"
)

func TestMigrateOnceAndInOrder(t *testing.T) {
	conn := connect(t, "default")
	_, name := newDatabase(t, conn)
	exec(t, conn, "DROP DATABASE "+name) // Migrate makes it
	db, err := clickhouse.New(t.Context(), conn, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Check(t.Context()); pipeline.KindOf(err) != pipeline.Refused || !strings.Contains(err.Error(), "run andon migrate") {
		t.Errorf("Check of a missing database: %v, want the command that makes it", err)
	}
	applied, err := db.Migrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := tables.Migrations(name)
	if len(applied) != len(want) {
		t.Fatalf("applied %v, want all %d", applied, len(want))
	}
	for i, m := range want {
		if applied[i] != m.Name {
			t.Errorf("migration %d was %s, want %s", i+1, applied[i], m.Name)
		}
	}
	if again, err := db.Migrate(t.Context()); err != nil || len(again) != 0 {
		t.Errorf("the second run applied %v, %v", again, err)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("Check after Migrate: %v", err)
	}
}

func TestEveryTableAndColumnIsExplained(t *testing.T) {
	conn := connect(t, "default")
	_, name := migrated(t, conn)
	for what, query := range map[string]string{
		"tables": "SELECT count(), groupArrayIf(name, comment = '') FROM system.tables WHERE database = '%s'",
		"columns": "SELECT count(), groupArrayIf(table || '.' || name, comment = '') FROM system.columns WHERE database = '%s' " +
			"AND table NOT LIKE '%%_refresh'", // its columns are those of the table it fills
	} {
		var all uint64
		var bare []string
		if err := conn.QueryRow(t.Context(), fmt.Sprintf(query, name)).Scan(&all, &bare); err != nil {
			t.Fatal(err)
		}
		if all < 5 || len(bare) > 0 {
			t.Errorf("of %d %s these have no comment: %v", all, what, bare)
		}
	}
}

func TestMigrateRefusesAnotherPast(t *testing.T) {
	conn := connect(t, "default")
	for _, test := range []struct{ name, row, says string }{
		{"changed content", "(2, '0002_events_current.sql', 'c0ffee')", "0002_events_current.sql was applied"},
		{"newer build", "(999, '0999_later.sql', 'c0ffee')", "use a newer build"},
	} {
		t.Run(test.name, func(t *testing.T) {
			db, name := migrated(t, conn)
			exec(t, conn, "INSERT INTO "+name+".schema_migrations (version, name, checksum) VALUES "+test.row)
			for call, err := range map[string]error{"Migrate": second(db.Migrate(t.Context())), "Check": db.Check(t.Context())} {
				if pipeline.KindOf(err) != pipeline.Refused || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s says %v, want one line with %q", call, err, test.says)
				}
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestCheckRefusesWhatTheLoaderCannotRelyOn(t *testing.T) {
	conn := connect(t, "default")
	db, name := migrated(t, conn)
	exec(t, conn, "ALTER TABLE "+name+".events MODIFY SETTING non_replicated_deduplication_window = 0")
	if err := db.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "MODIFY SETTING") {
		t.Errorf("a table without a token window: %v, want the statement that gives it one", err)
	}
	exec(t, conn, "ALTER TABLE "+name+".events MODIFY SETTING non_replicated_deduplication_window = 1000")
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("after that statement: %v", err)
	}
	exec(t, conn, "DROP TABLE "+name+".exceptions")
	exec(t, conn, "CREATE TABLE "+name+".exceptions (id UInt64) ENGINE = MergeTree ORDER BY id")
	if err := db.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "ReplacingMergeTree") {
		t.Errorf("a table that does not replace: %v", err)
	}
}
