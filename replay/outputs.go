package replay

import (
	"andon/schemas/cost"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// Outputs is all that the runs so far wrote, in the order of the commits: every revision of an exception, the exceptions forgotten, every record of
// a cost.
func (l *Line) Outputs() (revisions []exception.Exception, forgotten []exception.ID, costs []cost.Cost) {
	return l.log.Exceptions, l.log.Forgotten, l.log.Costs
}

// Verdicts are the contested judgements that the runs so far recorded, in the order of the commits.
func (l *Line) Verdicts() []verdict.Verdict { return l.log.Verdicts }
