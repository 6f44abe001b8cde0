// Package load brings the records of a consumer group's topics into one table, each exactly once, whatever dies in between.
//
// The rows of one block are the records of one offset range of one source partition, and three writes bring them in:
//
//  1. commit the range's start with the intent (range, digest of its records, generation) as the position's metadata
//  2. insert the rows as one block under a token made of the partition and the intent
//  3. commit the range's end without metadata
//
// Who dies before 1 leaves nothing. Who dies after it leaves an intent: the partition's next owner reads it back and sends
// exactly the same records under the same token, so the table drops what it has already. The commits carry the group's
// membership, so the broker refuses those of a loader that lost the partition; an insert of such a one that arrives late is the
// same rows again, which the token, or after it the table's replacing key, collapses.
//
// A known token is no proof of rows: a table that dies between keeping the two may keep the token alone. So an insert that follows on one of
// unknown outcome is not believed: the loader looks which of the rows are there and sends the others under a token of their own.
//
// When the records of an intent are no longer
// the same, the partition stops and says how to go on, because rows of another content would be dropped in silence.
//
// The package knows no engine: Log and Table are what it needs of Kafka and ClickHouse.
package load

import (
	"context"
	"log/slog"
	"time"

	"andon/pipeline"

	"github.com/prometheus/client_golang/prometheus"
)

// Partition names one source partition.
type Partition struct {
	Topic  string
	Number int32
}

// Position is a committed position: everything of the partition below Offset is in the table.
type Position struct {
	Partition
	Offset   int64
	Metadata string // "" or the intent for the records from Offset on
}

// Polled is what a Poll brought. It is to be applied in the order of its fields.
type Polled struct {
	Lost    []Partition                     // no longer ours
	Gained  []Position                      // ours from here on; one that is in Lost too was lost and came back
	Stopped map[Partition]error             // the log cannot serve these any more; the error names the repair
	Records map[Partition][]pipeline.Record // follow on what came before, in offset order; gaps (transaction markers, compaction) are normal
	Next    map[Partition]int64             // where reading stands after them: past the last record when markers follow it
}

// Log is what a loader sees of its consumer group. It is not for concurrent use. An error with a pipeline.Kind ends the loader.
type Log interface {
	// Poll lets the group take partitions away and give new ones, then waits for records: at most about limit. With limit 0 it
	// takes none and waits for the end of ctx. Partitions change hands during Poll only. The end of ctx is no error.
	Poll(ctx context.Context, limit int) (Polled, error)
	// Commit stores positions of owned partitions. After an error each may be stored or not; the same may be committed again.
	Commit(ctx context.Context, positions []Position) error
	// Ends returns the end offset of each owned partition, for the lag.
	Ends(ctx context.Context) (map[Partition]int64, error)
}

// Table is where the rows go.
type Table interface {
	// Insert writes the rows of the records as one block, unless a block of the same token is there. It keeps nothing of records.
	// After an error the rows may be there or not; the same insert may be repeated. A repeated one that succeeds may have been dropped by
	// its token although the rows are not there.
	Insert(ctx context.Context, token string, from Partition, records []pipeline.Record) (Inserted, error)
	// Offsets lists the offsets in [from, to) of the partition whose records have a row, ascending and each once.
	Offsets(ctx context.Context, at Partition, from, to int64) ([]int64, error)
	// Count counts the offsets that have a row in each of the ranges, which are of different partitions.
	Count(ctx context.Context, ranges []Closed) (map[Partition]int, error)
}

// Inserted accounts for the records of one block: each is a row or skipped.
type Inserted struct {
	Rows        int
	Ticks       int // clock.tick: time, not an event
	Undecodable int // that of an input topic stands in andon.deadletter
	Tombstones  int // records without a value
	Others      int // records of a kind that another table, or none, has rows of
}

// Config is what a loader is told.
type Config struct {
	Table      string        // name of the table: in logs, and the label table of the metrics
	Group      string        // consumer group, for messages that name a repair
	Linger     time.Duration // a record waits at most this long for others to share its block
	BlockRows  int           // records of one block at most
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Run loads until ctx ends, which is no error, or until it cannot go on. While the table or the log does not answer it tries again and
// again: rows wait in the log. What a stopped Run had begun, the next one finishes.
func Run(ctx context.Context, cfg Config, log Log, table Table) error {
	return newLoader(cfg, log, table).run(ctx)
}
