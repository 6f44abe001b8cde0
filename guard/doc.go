// Package guard watches models while they are asked: a fold of verdicts, decisions, control records, golden rows answered again, features computed
// again, and time. What comes out are control records of kind guard, by which lanes stop believing a model and begin again, and alerts.
//
// The fold asks no clock and draws nothing: the same inputs in the same order give the same records. It has one owner, who passes every input in turn.
// Shares and statistics are floats, counts are integers; times are those of the judgements (lane time) and of ticks, microseconds UTC.
//
// # Signals
//
//	G0  judgements without a score; each goes by the rule at once, by the core: told
//	G1  golden rows that the live scorer answers otherwise than when the bundle was made: trips at once
//	G2  features that come out otherwise when they are computed again from the log: trips beyond 1 % of the last 1,000
//	G3  features: missing, out of range, stuck, or of another distribution: trips on 2 of 3 windows
//	G4  scores: of another distribution, stuck, or raising more or less often: trips on 2 of 3 windows
//	G5  labels: precision sinks, by a CUSUM, or scores are off what comes true: trips when it crosses, or in one window
//	G6  rule and model agree more or less than they did: told
//
// # Reference
//
// What is usual is learned from the first three weeks in which the guard is closed, by hour of the week: one to place the bins, one to count, and one
// to count on and see how much windows differ among themselves beyond chance. Limits are those of the null distribution times that. Until it is learned,
// G3, G4 and G6 are silent, the other signals are not.
//
// # What a window is made of
//
// The judgements that are recorded at random, and of those that are recorded because a side raised an equal share: so windows are samples of all
// judgements, and neither a policy's mode nor its share of records changes what they look like. With a policy that samples nothing a window is made of
// what is raised.
package guard
