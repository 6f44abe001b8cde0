// Package pipeline turns records into committed outcomes: the beat loop and the interfaces it needs. Adapters live beneath it; the core it
// drives is any Engine.
package pipeline

import (
	"andon/schemas/beat"
	"andon/schemas/event"
	"andon/schemas/exception"
)

// Engine folds one lane. It is not for concurrent use; the same calls with the same arguments give the same results on any machine, but
// for the order of entities within a snapshot, which is none. A beat is Step, Settle, then Keep or Undo.
type Engine interface {
	// Step folds the batch into the timelines and fires the timers that fall due (fold 1). A restore repeats it with what the journal kept:
	// the items up to Stepped.Items, Stepped.End as the end, the same skipped items and disarmed timers. That must do exactly the same, whether
	// or not the first run had an end, and wherever too many timers cut it short.
	Step(beat.Batch) beat.Stepped
	// Settle turns the findings of the last Step and the models' replies into exception changes (fold 2). When it reports poison, nothing
	// else of its result counts: Undo, and run the beat again without the poison.
	Settle([]beat.Reply) beat.Settled
	// Keep makes the beat final: it is committed.
	Keep()
	// Undo makes everything since the last Keep not have happened.
	Undo()
	// Freeze begins a snapshot of the state as of the last Keep. Beats go on; one that is under way is given up.
	Freeze()
	// Frozen appends the snapshot's next part, of size bytes or less; true with the last.
	Frozen(dst []byte, size int) ([]byte, bool)
	// Load adds the next part of a snapshot to an engine that has folded nothing.
	Load(part []byte, last bool) error
	// Adopt takes what was published for what the engine has raised; it knows its own codes among them.
	Adopt(published []exception.Exception)
	// Settings names the settings in force: those the engine was made with until a record of andon.control brings others.
	Settings() string
	// Due is the time at which the next timer falls due; 0 when none is armed.
	Due() event.Micros
	// Size is what the engine holds, for metrics.
	Size() beat.Size
}
