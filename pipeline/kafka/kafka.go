// Package kafka runs the beat loop on Apache Kafka: a Member of the detection group is its source, sink and history, and Apply lays out the
// topics. Every transaction commits the positions of every lane it journals with the generation of the assignment it holds them by; that
// commit is the fence against a former owner, and what makes a new owner wait.
package kafka

import (
	"slices"
	"strings"
	"time"

	"andon/pipeline/wire"
	"andon/schemas/event"
)

// Config says where the log is and how things on it are named. Brokers, Instance and the prefixes are required.
type Config struct {
	Brokers     []string // host:port, any of the cluster's
	Instance    string   // name of this process, its own in the deployment: transactional id and group instance id
	InputPrefix string   // of the three input topics
	OwnPrefix   string   // of the topics Andon writes, and of its groups
	Partitioner map[event.Family]Partitioner
	TLS         *wire.TLS // nil: in the clear
	SASL        *SASL     // nil: without a user
	Reach       *Reach    // told which brokers are away; nil: nobody is

	SessionTimeout time.Duration // how long the group waits for a silent process; 30 s when 0
}

// The groups, as arguments of Config.Group.
const (
	Detect         = "detect"
	Guard          = "guard"
	LoadExceptions = "load-exceptions"
	LoadEvents     = "load-events"
	LoadCosts      = "load-costs"
	LoadVerdicts   = "load-verdicts"
	LoadDecisions  = "load-decisions"
	LoadHealth     = "load-health"
)

// LoadGroups lists those of the loaders.
var LoadGroups = []string{LoadExceptions, LoadVerdicts, LoadCosts, LoadDecisions, LoadHealth, LoadEvents}

// loaded are the topics a loader's group reads.
func (c Config) loaded(group string) []string {
	switch group {
	case LoadExceptions:
		return []string{c.Exceptions()}
	case LoadVerdicts:
		return []string{c.Verdicts()}
	case LoadCosts:
		return []string{c.Costs()}
	case LoadDecisions:
		return []string{c.Decisions()}
	case LoadHealth:
		return []string{c.Control()}
	}
	return c.laneTopics()
}

// Group is the full name of a group, e.g. andon-detect.
func (c Config) Group(name string) string { return strings.TrimRight(c.OwnPrefix, ".-") + "-" + name }

// Input is a family's input topic.
func (c Config) Input(f event.Family) string { return c.InputPrefix + f.String() }

// Side is a family's side topic: what Andon itself adds to the input of its lanes.
func (c Config) Side(f event.Family) string { return c.OwnPrefix + "side." + f.String() }

// isSide says whether a topic is a side topic.
func (c Config) isSide(topic string) bool { return strings.HasPrefix(topic, c.OwnPrefix+"side.") }

// Exceptions is the topic of exceptions, one record per revision.
func (c Config) Exceptions() string { return c.OwnPrefix + "exceptions" }

// Verdicts is the topic of contested judgements.
func (c Config) Verdicts() string { return c.OwnPrefix + "verdicts" }

// Decisions is the topic of what people and outcomes decided, in one partition.
func (c Config) Decisions() string { return c.OwnPrefix + "decisions" }

// Control is the topic of what lanes work by, in one partition.
func (c Config) Control() string { return c.OwnPrefix + "control" }

// Costs is the topic of unit costs.
func (c Config) Costs() string { return c.OwnPrefix + "costs" }

// Journal is the topic of what each beat did to each lane.
func (c Config) Journal() string { return c.OwnPrefix + "journal" }

// DeadLetter is the topic of what was put aside.
func (c Config) DeadLetter() string { return c.OwnPrefix + "deadletter" }

// Snapshots is the topic of lanes' states.
func (c Config) Snapshots() string { return c.OwnPrefix + "snapshots" }

// Topic is a lane's side (true) or input topic.
func (c Config) Topic(f event.Family, side bool) string {
	if side {
		return c.Side(f)
	}
	return c.Input(f)
}

// outputs are the topics a beat writes.
func (c Config) outputs() []string {
	return []string{c.Exceptions(), c.Verdicts(), c.Costs(), c.Journal(), c.DeadLetter(), c.Snapshots()}
}

// orders are the topics of one partition: no beat writes them, and all that is in one is in one order.
func (c Config) orders() []string { return []string{c.Decisions(), c.Control()} }

// allTopics are the topics of a deployment.
func (c Config) allTopics() []string { return slices.Concat(c.laneTopics(), c.outputs(), c.orders()) }

// laneTopics are the topics lanes are made of: inputs, then side topics.
func (c Config) laneTopics() (topics []string) {
	for _, side := range []bool{false, true} {
		for _, f := range event.Families {
			topics = append(topics, c.Topic(f, side))
		}
	}
	return topics
}
