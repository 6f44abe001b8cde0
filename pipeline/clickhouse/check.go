package clickhouse

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"andon/pipeline"
	tables "andon/schemas/clickhouse"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// minimumWindow is how many blocks' tokens a table must remember: those of all blocks that may be on their way, many times over.
const minimumWindow = 100

// Check reports whether the loader may rely on the server and its tables: all migrations are applied, each table replaces doubles and
// remembers tokens, and the settings of an insert take effect. An error of kind Refused says what to do; any other is the connection's.
func (db *DB) Check(ctx context.Context) error {
	pending, err := db.pending(ctx)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return refuse("database %s lacks migration %s: run andon migrate", db.name, pending[0].Name)
	}
	for _, table := range tables.Loaded {
		if err := db.checkTable(ctx, table); err != nil {
			return err
		}
	}
	return db.checkSettings(ctx)
}

var (
	replacing   = regexp.MustCompile(`^(Replicated|Shared)?ReplacingMergeTree\b`)
	tokenWindow = regexp.MustCompile(`replicated_deduplication_window = (\d+)`)
)

// checkTable reads the table's own engine and settings: a migration made them, but a person may have changed them since.
func (db *DB) checkTable(ctx context.Context, table string) error {
	const query = `SELECT engine_full FROM system.tables WHERE database = {database:String} AND name = {table:String}`
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"database": db.name, "table": table}))
	var engine string
	if err := db.conn.QueryRow(ctx, query).Scan(&engine); err != nil {
		return fmt.Errorf("clickhouse: read the engine of %s.%s: %w", db.name, table, err)
	}
	if !replacing.MatchString(engine) {
		return refuse("%s.%s is no ReplacingMergeTree, a block sent twice would stay doubled: drop it and its row in %s.%s, run andon migrate",
			db.name, table, db.name, migrationsTable)
	}
	window := 0
	if m := tokenWindow.FindStringSubmatch(engine); m != nil {
		window, _ = strconv.Atoi(m[1]) // digits by the pattern; a number too large to fit stays 0
	}
	if window < minimumWindow {
		return refuse("%s.%s remembers the tokens of %d blocks, needed are %d: "+
			"ALTER TABLE %s.%s MODIFY SETTING non_replicated_deduplication_window = 1000", db.name, table, window, minimumWindow, db.name, table)
	}
	return nil
}

// checkSettings asks for the settings in a query that carries them as an insert does.
func (db *DB) checkSettings(ctx context.Context) error {
	values, err := db.settingValues(db.as(ctx, nil))
	if err != nil {
		return err
	}
	for name, want := range db.settings {
		if value := values[name]; value != want {
			return refuse("setting %s is %q within an insert, needed is %q: the user's profile overrides it", name, value, want)
		}
	}
	return nil
}

// refuse is the error of a server or table that a person has to change.
func refuse(format string, args ...any) error {
	return pipeline.Fail(pipeline.Refused, fmt.Errorf("clickhouse: "+format, args...))
}
