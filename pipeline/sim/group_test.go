package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"andon/pipeline/load"
)

// position is a committed position of a group.
type position struct {
	offset   int64
	metadata string
}

// group is a consumer group of static members. A rebalance is eager: all give all back, and the range of each comes with the next generation.
type group struct {
	*broker
	name       string
	topics     map[string]int32 // partitions of each topic
	members    []*member        // by instance
	generation int
	preparing  bool // a rebalance waits for members to join
	joins      int
	positions  map[load.Partition]position
	pending    map[load.Partition]*txn // transactions that are to change them
}

// member is what the group knows of one.
type member struct {
	instance, id string
	joined       bool // the rebalance that is being prepared
	synced       int  // generation whose assignment it has been told
	proc         *proc
}

// membership is what a process knows of itself in a group.
type membership struct {
	instance, id string
	generation   int
	held         []load.Partition
}

func (b *broker) group(name string, topics map[string]int32) *group {
	g := &group{broker: b, name: name, topics: topics, positions: map[load.Partition]position{}, pending: map[load.Partition]*txn{}}
	b.groups = append(b.groups, g)
	return g
}

func (g *group) find(instance string) *member {
	if i := slices.IndexFunc(g.members, func(m *member) bool { return m.instance == instance }); i >= 0 {
		return g.members[i]
	}
	return nil
}

// join makes a process a member, in the place of a former one of its name: then nothing else changes.
func (g *group) join(p *proc) membership {
	g.joins++
	id := fmt.Sprintf("%s-%d", p.name, g.joins)
	if m := g.find(p.name); m != nil {
		m.id, m.proc, m.joined, m.synced = id, p, true, -1
		g.settle()
	} else {
		g.members = append(g.members, &member{instance: p.name, id: id, proc: p, joined: true, synced: -1})
		slices.SortFunc(g.members, func(a, b *member) int { return strings.Compare(a.instance, b.instance) })
		g.rebalance(id)
	}
	g.watch(p)
	return membership{instance: p.name, id: id, generation: -1}
}

// watch takes a member out when its process was silent for the session time.
func (g *group) watch(p *proc) {
	p.quiet = func() {
		n := p.silence
		g.after(sessionTime, "session of "+p.name+" is over", func() {
			if m := g.find(p.name); m != nil && m.proc == p && p.silence == n {
				g.fired["session timed out"]++
				g.remove(m)
			}
		})
	}
	if p.silent {
		p.quiet()
	}
}

func (g *group) remove(m *member) {
	g.members = slices.DeleteFunc(g.members, func(x *member) bool { return x == m })
	g.rebalance("")
}

// rebalance waits for all members but joined to join again, for rebalanceTime at most.
func (g *group) rebalance(joined string) {
	for _, m := range g.members {
		m.joined = m.id == joined || g.preparing && m.joined
	}
	if !g.preparing {
		g.preparing = true
		n := g.generation
		g.after(rebalanceTime, "rebalance of "+g.name+" waits no longer", func() {
			if g.preparing && g.generation == n {
				g.fired["put out of a rebalance"]++
				g.members = slices.DeleteFunc(g.members, func(m *member) bool { return !m.joined })
				g.settle()
			}
		})
	}
	g.settle()
}

// settle ends the rebalance once all have joined.
func (g *group) settle() {
	if !g.preparing || slices.ContainsFunc(g.members, func(m *member) bool { return !m.joined }) {
		return
	}
	g.preparing = false
	g.generation++
	g.fired["rebalance"]++
	g.note("-", fmt.Sprintf("generation %d of %s has %d members", g.generation, g.name, len(g.members)), works, nil)
}

// assigned is what a member has in this generation: of each topic a range of its partitions.
func (g *group) assigned(m *member) (list []load.Partition) {
	i, n := int32(slices.Index(g.members, m)), int32(len(g.members))
	for _, topic := range slices.Sorted(maps.Keys(g.topics)) {
		each, more := g.topics[topic]/n, g.topics[topic]%n
		first := i*each + min(i, more)
		for number := first; number < first+each || number == first+each && i < more; number++ {
			list = append(list, load.Partition{Topic: topic, Number: number})
		}
	}
	return list
}

// news reports whether a poll of the member would change something.
func (g *group) news(own *membership) bool {
	m := g.find(own.instance)
	return m == nil || m.id != own.id || g.preparing && !m.joined || !g.preparing && m.synced != g.generation
}

// poll lets the group take away what the member holds, and give. It is told both.
func (g *group) poll(own *membership, p *proc) (taken, given []load.Partition, changed bool, err error) {
	m := g.find(own.instance)
	if m != nil && m.id != own.id {
		g.stale++
		return nil, nil, false, errNameTaken
	}
	if m == nil { // it was put out: the client joins again
		g.fired["put out, joins again"]++
		taken, own.held = own.held, nil
		*own = g.join(p)
		m = g.find(own.instance)
	}
	if g.preparing && !m.joined {
		taken, own.held = append(taken, own.held...), nil
		m.joined = true
		g.settle()
	}
	if !g.preparing && m.synced != g.generation {
		m.synced, own.generation = g.generation, g.generation
		own.held = g.assigned(m)
		return taken, own.held, true, nil
	}
	return taken, nil, false, nil
}

// check refuses a commit of whom the group has moved on from.
func (g *group) check(own membership) error {
	switch m := g.find(own.instance); {
	case m == nil:
		return errUnknown
	case m.id != own.id:
		return errNameTaken
	case own.generation != g.generation:
		return errGeneration
	}
	return nil
}

// mark applies the positions of a transaction that has ended.
func (g *group) mark(t *txn) {
	for at, p := range t.positions[g] {
		if t.committed {
			if p.offset < g.positions[at].offset {
				g.breach("the position of %s/%d went back from %d to %d", at.Topic, at.Number, g.positions[at].offset, p.offset)
			}
			g.positions[at] = p
		}
		if g.pending[at] == t {
			delete(g.pending, at)
		}
	}
}
