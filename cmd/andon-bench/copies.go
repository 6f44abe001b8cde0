package main

import (
	"fmt"

	"andon/schemas/cost"
	"andon/schemas/decision"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// another is the name of a copy of a subject.
func another(subject string, turn int) string { return fmt.Sprintf("%s-%d", subject, turn) }

// exceptionCopy is a revision of an exception as that of another subject.
func exceptionCopy(value []byte, turn int) ([]byte, []byte, error) {
	var x exception.Exception
	if err := exception.Decode(value, &x); err != nil {
		return nil, nil, err
	}
	x.Subject = another(x.Subject, turn)
	x.ID = exception.NewID(x.Tenant, x.Code, x.Subject, x.Episode)
	return []byte(x.ID.String()), exception.Append(nil, &x), nil
}

// verdictCopy is a verdict as that on another subject.
func verdictCopy(value []byte, turn int) ([]byte, []byte, error) {
	var v verdict.Verdict
	if err := verdict.Decode(value, &v); err != nil {
		return nil, nil, err
	}
	v.Subject = another(v.Subject, turn)
	v.ID = verdict.NewID(v.Tenant, v.Code, v.Subject, v.Episode, v.JudgedAt)
	return []byte(v.Subject), verdict.Append(nil, &v), nil
}

// costCopy is a cost as that of another subject.
func costCopy(value []byte, turn int) ([]byte, []byte, error) {
	var c cost.Cost
	if err := cost.Decode(value, &c); err != nil {
		return nil, nil, err
	}
	c.Subject = another(c.Subject, turn)
	c.ID = cost.NewID(c.Tenant, c.Component, c.Subject, c.Part)
	return []byte(c.ID.String()), cost.Append(nil, &c), nil
}

// decided is what somebody decided about a revision of an exception, once in each turn.
func decided(value []byte, turn int) ([]byte, []byte, error) {
	var x exception.Exception
	if err := exception.Decode(value, &x); err != nil {
		return nil, nil, err
	}
	d := decision.Decision{
		ItemID: x.ID, ItemKind: decision.Exception, Tenant: x.Tenant, Code: x.Code, Subject: x.Subject,
		Verdict: [...]decision.Outcome{decision.Confirmed, decision.FalseAlarm, decision.Unsure}[turn%3], Cause: "counted again",
		Reviewer: fmt.Sprintf("reviewer-%d", turn%8), DecidedAt: x.DetectedAt, Source: decision.Triage, Selection: decision.FromRule,
		RevisionSeen: x.Revision, IdempotencyKey: fmt.Sprintf("ticket-%d-%d", turn, x.Revision),
	}
	d.Complete()
	return []byte(x.ID.String()), decision.Append(nil, &d), nil
}
