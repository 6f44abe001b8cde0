package pipeline

import "errors"

// Kind says what the loop does about an error. Only Loop.Run branches on it.
type Kind uint8

// The kinds. No error has no kind; an error nobody classified is Lost.
const (
	None    Kind = iota
	Aborted      // the beat is known not to be committed: undo it and fold the same records again
	Held         // likewise, and the wall clock is not believed: hold the time of all lanes for a while
	Lost         // what is committed is unknown, or another took over: drop all memory; a new start restores from the log
	Refused      // the log, the assignment or the settings contradict each other: a new start does not help until a person has acted
)

func (k Kind) String() string {
	return [...]string{"none", "aborted", "held", "lost", "refused"}[k]
}

// Error is an error of a known kind.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Fail gives err a kind; nil stays nil.
func Fail(kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return &Error{kind, err}
}

// KindOf is the kind of err.
func KindOf(err error) Kind {
	if err == nil {
		return None
	}
	if e, known := errors.AsType[*Error](err); known {
		return e.Kind
	}
	return Lost
}

// What is refused. Each is wrapped with the lane, what was found, and the command that repairs it.
var (
	ErrNoOffsets  = errors.New("no committed offsets")
	ErrNoJournal  = errors.New("no genesis entry in the journal")
	ErrJournalEnd = errors.New("the journal does not end at the committed offsets")
	ErrJournalGap = errors.New("the journal is not whole")
	ErrTopicID    = errors.New("the topic was deleted and created again")
	ErrLogLost    = errors.New("records the lane must re-execute are gone")
	ErrSettings   = errors.New("the settings are not those of the journal")
	ErrSnapshot   = errors.New("the snapshot is of no use")
	ErrDiverged   = errors.New("re-execution gives another result than the journal")
	ErrAssignment = errors.New("input and side partitions are not assigned together")
)

// What ends a role without a person having to act.
var (
	ErrAborts      = errors.New("too many beats aborted in a row")
	ErrUnaccounted = errors.New("events read are not all accounted for")
)
