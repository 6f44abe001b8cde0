package pipeline

import (
	"andon/schemas/beat"
	"andon/schemas/journal"
)

// When the logic changes, a lane cannot repeat what the former build judged. It brings the timelines up to date with the records since, takes what
// was published for what it has raised, and in its first beat judges every entity anew: the difference is published, marked logic_change, and
// nothing stays open or vanishes without a word. A snapshot follows at once, for what comes after can only be repeated from there.

// retell folds the records of an entry that is of other logic, or follows on one. What comes out is dropped.
func (l *lane) retell(e *journal.Entry) error {
	defer l.sit()()
	l.decode()
	l.eachDead(e.DeadLettered, func(i int, dead bool) bool {
		l.items[i].Skip = l.items[i].Skip || dead
		return true
	})
	b := beat.Batch{Control: l.controls, Items: l.items, End: e.End, Disarm: e.Disarmed}
	for {
		stepped := l.engine.Step(b)
		settled := l.engine.Settle(make([]beat.Reply, len(stepped.Requests)))
		poison, panicked := append(stepped.Rejected, settled.Poisoned...), append(stepped.Disarmed, settled.Disarm...)
		if len(poison)+len(panicked) > 0 { // it was judged once; now its timeline goes without
			l.engine.Undo()
			known, news := len(b.Disarm), false
			for _, p := range poison {
				news = news || !b.Items[p.Index].Skip
				b.Items[p.Index].Skip = true
			}
			if disarm(&b, panicked, nil); !news && len(b.Disarm) == known {
				return l.diverged(e, "refused again what it was run without")
			}
			continue
		}
		l.engine.Keep()
		b.Control = nil
		if b.Items = b.Items[stepped.Items:]; len(b.Items) == 0 && !l.due(e.End) {
			return nil
		}
	}
}
