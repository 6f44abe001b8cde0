// Package beat is what the pipeline hands an engine for one lane and one turn of the loop, and what it gets back. It is the seam between the
// shell, which knows Kafka and clocks, and the pure core, which knows rules.
package beat

import (
	"andon/schemas/control"
	"andon/schemas/cost"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// Item is one decoded event of a lane, in the order it is to be folded.
type Item struct {
	Event event.Event
	At    event.Micros // broker timestamp of its record
	Skip  bool         // a dead-lettered record: it moves the lane's time and is counted, nothing more; Event is not read
}

// Batch is a lane's share of one beat. The engine reads it during Step only.
type Batch struct {
	Control []control.Record // applied first of all, in the order of andon.control
	Items   []Item           // side records first, then input, each in offset order
	End     event.Micros     // the lane's time moves up to this after the last item; 0 leaves it where the items put it
	Rejudge bool             // first of all, entities are judged anew, some in each beat until none is left: the logic has changed
	Disarm  []Timer          // timers that panicked when this beat ran before: passed over and left disarmed
}

// Timer names one due timer of an entity.
type Timer struct {
	Tenant  string       `json:"tenant"`
	Subject string       `json:"subject"`
	Due     event.Micros `json:"due"`
}

// Counts is the conservation account of a beat: Read = Done + Duplicate + DeadLettered + Parked + TooLate, exactly. Ticks are not events and
// stand apart.
type Counts struct {
	Read         int64 `json:"read"`
	Done         int64 `json:"done"`
	Duplicate    int64 `json:"duplicate,omitempty"`
	DeadLettered int64 `json:"dead_lettered,omitempty"`
	Parked       int64 `json:"parked,omitempty"`   // corrections of an event not seen yet
	TooLate      int64 `json:"too_late,omitempty"` // older than what is remembered: it opens no timeline
	Ticks        int64 `json:"ticks,omitempty"`
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Read += o.Read
	c.Done += o.Done
	c.Duplicate += o.Duplicate
	c.DeadLettered += o.DeadLettered
	c.Parked += o.Parked
	c.TooLate += o.TooLate
	c.Ticks += o.Ticks
}

// Balanced reports whether every event read is accounted for.
func (c Counts) Balanced() bool {
	return c.Read == c.Done+c.Duplicate+c.DeadLettered+c.Parked+c.TooLate
}

// Rejected is an item the fold refused; the entity is as it was before the item.
type Rejected struct {
	Index  int // into Batch.Items
	Reason event.Reason
	Detail string // for a panic: its value and stack
}

// Stepped is the result of Step. When the engine's Due is at or before End afterwards, more timers wait than one beat may fire: give the lane
// another beat even if it has no records.
type Stepped struct {
	Items    int          // folded or rejected, from the front; fewer than given when too many timers were due: the rest waits for the next beat
	Counts   Counts       // of these items, skipped ones included (as dead-lettered)
	Rejected []Rejected   // in item order; counted in Counts as dead-lettered
	Disarmed []Disarmed   // timers whose rule panicked in this Step; each stays silent until the entity's next event
	Start    event.Micros // the lane's time before the beat
	End      event.Micros // and after it
	Fired    int          // timers fired
	Rejudged int          // entities judged anew
	Unjudged int          // entities left to be judged anew
	Requests []Request    // questions to models
	Models   string       // hash of the models that policies ask; empty when they ask none
	Skewed   int64        // events that claimed to come from the future, judged at their record's time

	Abstained []Abstention // what rules could not judge, and why
	Forgotten Forgotten    // entities whose timelines ended
}

// Forgotten counts entities by how they ended.
type Forgotten struct {
	Closed int64 // all that was to come had come
	Open   int64 // nothing more came for so long that nothing is expected any more
}

// Abstention counts the judgements a rule could not make for one reason.
type Abstention struct {
	Code    string
	Missing string // what the rule lacks; one of a small fixed list
	Count   int64
}

// Disarmed is a timer whose rule panicked, with what the panic said.
type Disarmed struct {
	Timer
	Detail string
}

// Request asks a model for the score of one judgement: how likely what the code claims is true.
type Request struct {
	Code     string // what is to be judged
	Bundle   string // name@version of the model that is asked
	Model    string // 16 digits of the SHA-256 of its file as it was registered: no other file's answer counts; empty when it was not
	Tenant   string
	Subject  string
	Features []float64 // of the bundle's feature set, in its order; NaN: missing. Valid until the engine's next Step
}

// Reply is the answer to the request of the same index: a score, or why there is none.
type Reply struct {
	Score  float64 `json:"score,omitempty"`  // never NaN or infinite
	Reason string  `json:"reason,omitempty"` // of package verdict
	More   int32   `json:"more,omitempty"`   // in the journal: so many questions that follow have the same answer
	Model  string  `json:"model,omitempty"`  // what answered: 16 digits of the SHA-256 of its file
}

// Settled is the result of Settle. Costs is valid until the next Step.
type Settled struct {
	Exceptions []exception.Exception // changes in the order they came about
	Forgotten  []exception.ID        // of entities that were forgotten: their records are no longer needed
	Verdicts   []verdict.Verdict     // contested judgements that are recorded, in the order they were made
	Costs      []cost.Cost           // facts that are new or changed, in the order they came about
	Poisoned   []Rejected            // items whose findings made settle panic: the beat must be undone and run again without them
	Disarm     []Disarmed            // likewise timers
}

// Size is what an engine holds.
type Size struct {
	Entities   int
	Open       int // exceptions neither cleared nor retracted
	Timers     int
	StateBytes int64
	Unjudged   int // entities that beats to come judge anew
}
