package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"andon/pipeline/kafka"
	"andon/schemas/event"
)

// dryRunRows is how many letters are shown at most.
const dryRunRows = 50

// redrivePlan is what a redrive is to send, and why not the rest.
type redrivePlan struct {
	stories
	attempts map[string]int // by name of the letter: as which attempt it is to be sent
	sent     map[string]int // likewise, of what was
	table    letterTable    // of what is to be sent
	away     int            // sent before and not come back
	hopeless map[event.Reason]int
	refused  []refusedLetter
}

// refusedLetter is a letter that cannot be sent, and what to do instead.
type refusedLetter struct{ name, why string }

// plan decides what is to be sent.
func (c letterRedriveCmd) plan(ctx context.Context, at kafka.Config) (*redrivePlan, error) {
	told, err := tellStories(ctx, at, c.Since)
	if err != nil {
		return nil, err
	}
	p := &redrivePlan{stories: told, attempts: map[string]int{}, sent: map[string]int{}, hopeless: map[event.Reason]int{}}
	p.table = letterTable{stories: told, limit: dryRunRows, reasons: map[event.Reason]int{}}
	met := make([]bool, len(c.From))
	err = eachLetter(ctx, at, c.Since, func(l *kafka.Letter) {
		if !told.latest(l) || !c.wants(at, l) {
			return
		}
		for i := range c.From {
			met[i] = met[i] || c.From[i].is(l)
		}
		p.add(at, l, c.Again)
	})
	if err != nil {
		return nil, err
	}
	if i := slices.Index(met, false); i >= 0 {
		return nil, fmt.Errorf("no dead letter %s that the filters let through: andon deadletter list prints those there are", c.From[i].text)
	}
	return p, nil
}

// add decides about one letter.
func (p *redrivePlan) add(at kafka.Config, l *kafka.Letter, again bool) {
	if why := unsendable(at, l); why != "" {
		p.refused = append(p.refused, refusedLetter{l.Name, why})
		return
	}
	if p.stories.away(l) && !again {
		p.away++
		return
	}
	lane, _ := at.LaneOf(&l.Letter)
	if err := event.Decode(lane.Family, l.Key, l.Raw, &event.Event{}); err != nil {
		p.hopeless[l.Reason]++
	}
	p.attempts[l.Name] = max(l.Redrives, p.stories[l.Name].sent) + 1
	p.table.add(l)
}

// unsendable says why a letter cannot be sent again and what to do instead; empty when it can.
func unsendable(at kafka.Config, l *kafka.Letter) string {
	_, known := at.LaneOf(&l.Letter)
	switch {
	case l.Timer != "":
		return "a timer is no record: the next event of its subject arms it again, nothing is to be sent"
	case l.Reason == event.Unreadable:
		return "a batch that cannot be inflated is not kept: its sender must send the events again, in batches under 16 MiB"
	case !l.Whole():
		return fmt.Sprintf("only the first %s of its %s bytes are kept: its sender must send the event again, in at most 256 KiB",
			thousands(len(l.Raw)), thousands(l.Bytes))
	case !known:
		return fmt.Sprintf("%s is no topic of this configuration (kafka.input_prefix, kafka.own_prefix)", l.Topic)
	}
	return ""
}

// dryRun says what would be sent.
func (p *redrivePlan) dryRun() error {
	if len(p.table.newest) > 0 {
		if err := p.table.print(); err != nil {
			return err
		}
		fmt.Println()
	}
	fmt.Printf("would send %s again\n", thousands(len(p.attempts)))
	p.tellNotSent()
	return nil
}

// tellNotSent says what is left alone, and what will come back.
func (p *redrivePlan) tellNotSent() {
	if n := total(p.hopeless); n > 0 {
		reasons := slices.Sorted(maps.Keys(p.hopeless))
		fmt.Printf("%s of them (%s) this build cannot read either: expect them back; only their sender can mend them\n",
			thousands(n), strings.Join(text(reasons), ", "))
	}
	if p.away > 0 {
		fmt.Printf("left alone: %s sent before that have not come back (--again sends them too)\n", thousands(p.away))
	}
	if len(p.refused) == 0 {
		return
	}
	fmt.Printf("cannot be sent: %s\n", thousands(len(p.refused)))
	for i, r := range p.refused {
		if i == dryRunRows {
			fmt.Printf("  and %s more\n", thousands(len(p.refused)-i))
			break
		}
		fmt.Printf("  %s: %s\n", plain(r.name, 120), r.why)
	}
}

func total(counts map[event.Reason]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func text(reasons []event.Reason) (words []string) {
	for _, r := range reasons {
		words = append(words, string(r))
	}
	return words
}
