package detectors

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"andon/detectors/rule"
	"andon/detectors/setting"
	"andon/schemas/event"
)

// compiled is a rule with its settings resolved.
type compiled struct {
	rule   *rule.Rule
	values []int64
	stake  rule.Stake
}

func compileRules(family event.Family, s setting.Settings) (rules []compiled, err error) {
	for _, code := range slices.Sorted(maps.Keys(s.Rules)) {
		if rule.ByCode(code) == nil {
			return nil, fmt.Errorf("settings.rules: there is no code %q", code)
		}
	}
	for _, r := range slices.Concat(rule.All, rule.Risks) {
		c, err := compileRule(r, s.Rules[r.Code])
		if err != nil {
			return nil, err
		}
		if r.Family == family {
			rules = append(rules, c)
		}
	}
	return rules, nil
}

// compileRule resolves the numbers of a rule: its own, then those of its stake.
func compileRule(r *rule.Rule, given map[string]int64) (compiled, error) {
	c := compiled{rule: r, values: make([]int64, len(r.Settings)), stake: r.Stake}
	for i, d := range r.Settings {
		c.values[i] = d.Default
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		if most := limitOf(name); value < 0 || value > most {
			return c, fmt.Errorf("settings.rules.%s.%s: %d is not between 0 and %d", r.Code, name, value, most)
		}
		i := slices.IndexFunc(r.Settings, func(d rule.Setting) bool { return d.Name == name })
		if i >= 0 {
			c.values[i] = value
		} else if !c.stake.Set(name, value) {
			return c, fmt.Errorf("settings.rules.%s: there is no setting %q; it has: %s", r.Code, name, strings.Join(r.SettingNames(), ", "))
		}
	}
	return c, nil
}

// limitOf is the most a number may be, by its unit, which is the last word of its name.
func limitOf(name string) int64 {
	switch {
	case strings.HasSuffix(name, "_bp"):
		return 10_000
	case strings.HasSuffix(name, "_s"):
		return 10 * 365 * 86_400
	}
	return 1e12
}

// sources maps a carrier or site to what its source sends; the entry under "" stands for any.
type sources map[string]rule.Sends

func compileSources(family event.Family, declared []setting.Source) (sources, error) {
	var all sources
	for i, d := range declared {
		f, ok := event.ParseFamily(d.Family)
		if other := map[bool]string{true: d.Site, false: d.Carrier}[f == event.Carrier]; ok && other != "" {
			return nil, fmt.Errorf("settings.sources[%d]: on the topic %s a source is a %s", i, d.Family, map[bool]string{true: "carrier", false: "site"}[f == event.Carrier])
		}
		if !ok {
			return nil, fmt.Errorf("settings.sources[%d].family: %q is none of asn, carrier, pickpack", i, d.Family)
		}
		sends, err := sends(d)
		if err != nil {
			return nil, fmt.Errorf("settings.sources[%d].%w", i, err)
		}
		if f != family {
			continue
		}
		if all == nil {
			all = sources{}
		}
		name := d.Site
		if family == event.Carrier {
			name = d.Carrier
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("settings.sources[%d]: %s %q is declared twice", i, d.Family, name)
		}
		all[name] = sends
	}
	return all, nil
}

func sends(d setting.Source) (rule.Sends, error) {
	s := rule.SendsAll
	if len(d.Types) > 0 {
		s.Types = 0
	}
	for _, name := range d.Types {
		t, ok := event.ParseType(name)
		if !ok {
			return s, fmt.Errorf("types: there is no event type %q", name)
		}
		s.Types |= 1 << t
	}
	if len(d.Statuses) > 0 {
		s.Statuses = 0
	}
	for _, name := range d.Statuses {
		st, ok := event.ParseStatus(name)
		if !ok {
			return s, fmt.Errorf("statuses: there is no carrier status %q", name)
		}
		s.Statuses |= 1 << st
	}
	return s, nil
}

// of is what the source of an entity sends: on the carrier topic the entity's carrier speaks, on the others its site.
func (s sources) of(family event.Family, subject, site string) rule.Sends {
	if len(s) == 0 {
		return rule.SendsAll
	}
	name := site
	if family == event.Carrier {
		name, _, _ = strings.Cut(subject, "/")
	}
	if sends, ok := s[name]; ok {
		return sends
	}
	if sends, ok := s[""]; ok {
		return sends
	}
	return rule.SendsAll
}
