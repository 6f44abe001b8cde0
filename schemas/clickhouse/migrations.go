// Package clickhouse is the contract of the tables people query: the numbered migrations of database andon, embedded.
//
// A file is NNNN_name.sql and holds one statement, which must be harmless to repeat (IF NOT EXISTS): a runner may die after
// the statement and before its record. A published file never changes; what changes a table is a further file.
package clickhouse

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Database is the one database of all tables.
const Database = "andon"

// The tables the loader fills.
const (
	Events     = "events"
	Exceptions = "exceptions"
	Verdicts   = "verdicts"
	Costs      = "costs"
	Decisions  = "decisions"
	Health     = "model_health"
)

// Loaded lists them.
var Loaded = [...]string{Events, Exceptions, Verdicts, Costs, Decisions, Health}

// KeptMonths is how long a loaded table keeps a row, months: events from its load_time on, the others from its record_time on.
var KeptMonths = map[string]int{Events: 13, Exceptions: 25, Verdicts: 25, Costs: 25, Decisions: 25, Health: 25}

//go:embed *.sql
var files embed.FS

// Migration is one statement to apply once.
type Migration struct {
	Version  uint32 // 1, 2, ... without a gap
	Name     string // file name
	SQL      string
	Checksum string // 64 hexadecimal digits of SHA-256 over the file
}

// Migrations returns all migrations in the order they are to be applied, for Database or another one that a test has to itself.
func Migrations(database string) []Migration {
	entries, err := files.ReadDir(".") // sorted by name
	if err != nil {
		panic("clickhouse: " + err.Error()) // the files are part of the binary
	}
	list := make([]Migration, len(entries))
	for i, entry := range entries {
		sql, err := files.ReadFile(entry.Name())
		if err != nil {
			panic("clickhouse: " + err.Error())
		}
		number, _, _ := strings.Cut(entry.Name(), "_")
		if version, err := strconv.Atoi(number); err != nil || version != i+1 {
			panic(fmt.Sprintf("clickhouse: %s: file %d must start with %04d_", entry.Name(), i+1, i+1))
		}
		sum := sha256.Sum256(sql)
		list[i] = Migration{
			Version: uint32(i + 1), Name: entry.Name(), Checksum: hex.EncodeToString(sum[:]),
			SQL: strings.ReplaceAll(string(sql), " "+Database+".", " "+database+"."),
		}
	}
	return list
}
