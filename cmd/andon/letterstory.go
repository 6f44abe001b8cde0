package main

import (
	"context"
	"fmt"

	"andon/pipeline/kafka"
	"andon/schemas/event"
)

// story is how it went on with a record put aside: how often it was sent again, when last, and as which of these times it was last put aside
// again.
type story struct {
	sent, back int
	at         event.Micros
}

// stories are those of the records that were sent again, by the names of their letters.
type stories map[string]story

// add takes a letter or mark, in the order of its partition.
func (s stories) add(l *kafka.Letter) {
	if l.Redrives == 0 {
		return
	}
	told := s[l.Name]
	if l.Redriven {
		told.sent, told.at = max(told.sent, l.Redrives), l.At
	} else {
		told.back = max(told.back, l.Redrives)
	}
	s[l.Name] = told
}

// latest reports whether the letter is the last of its record: no mark, and no later one.
func (s stories) latest(l *kafka.Letter) bool { return !l.Redriven && l.Redrives >= s[l.Name].back }

// away reports whether the letter's record was sent again and has not come back.
func (s stories) away(l *kafka.Letter) bool { return s[l.Name].sent > l.Redrives }

// tell says it in a few words; a dash for a record that never was.
func (s stories) tell(l *kafka.Letter) string {
	switch told := s[l.Name]; {
	case told.sent == 0:
		return "-"
	case s.away(l):
		return times(told.sent)
	default:
		return times(told.sent) + ", came back"
	}
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// tellStories reads what was sent again of what was put aside from an instant on.
func tellStories(ctx context.Context, at kafka.Config, since when) (stories, error) {
	told := stories{}
	return told, eachLetter(ctx, at, since, told.add)
}
