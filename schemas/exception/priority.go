package exception

import "math/bits"

// Priority is the order in which exceptions are worked. It is not severity: severity is the impact of a code, priority is money at risk, how
// likely, how much of it can still be saved, and how soon.
type Priority string

// The priorities.
const (
	P1 Priority = "P1"
	P2 Priority = "P2"
	P3 Priority = "P3"
	P4 Priority = "P4"
)

// The scores at which a priority begins, in minor units of money that acting now is expected to save.
const (
	scoreP1 = 50_000
	scoreP2 = 10_000
	scoreP3 = 2_000
)

const whole = 10_000 // basis points

// UrgencyBP is how soon acting is needed, in basis points: half of the whole when the slack equals halfS, never under 500. With no slack left it is
// 8000 where the cost can still be recovered and 2000 where it cannot. Seconds.
func UrgencyBP(slackS, halfS int64, recoverable bool) int32 {
	switch {
	case slackS <= 0 && recoverable:
		return 8000
	case slackS <= 0:
		return 2000
	case halfS <= 0:
		return 500
	}
	return int32(min(max(MulDiv(whole, halfS, halfS+slackS), 500), whole))
}

// Score is cost at risk x probability x avoidability x urgency, in minor units of money. The shares are basis points; the result is rounded down.
func Score(costMinor int64, probabilityBP, avoidableBP, urgencyBP int32) int64 {
	return MulDiv(costMinor, int64(probabilityBP)*int64(avoidableBP)*int64(urgencyBP), whole*whole*whole)
}

// MulDiv is a*b/c without overflow on the way, rounded down; none may be negative, c not zero. What does not fit is the largest int64.
func MulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return 1<<63 - 1
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(q, 1<<63-1))
}

// PriorityOf is the priority of a score; of an unknown score (nil) that of the severity.
func PriorityOf(score *int64, s Severity) Priority {
	switch {
	case score == nil && s == Critical:
		return P1
	case score == nil && s == Major:
		return P3
	case score == nil:
		return P4
	case *score >= scoreP1:
		return P1
	case *score >= scoreP2:
		return P2
	case *score >= scoreP3:
		return P3
	}
	return P4
}
