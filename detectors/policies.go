package detectors

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"andon/detectors/policy"
	"andon/schemas/control"
	"andon/schemas/verdict"

	"github.com/segmentio/encoding/json"
)

// policies is what holds of every code at one place of andon.control. It is never written again: a record makes another.
type policies struct {
	byCode map[string]*policy.Policy
	guards map[string]control.Guard  // by code/bundle
	models map[string]string         // 16 digits of the SHA-256 of each bundle's model file
	latest map[string]control.Record // of each object, and each version of a bundle: all of the above
	asked  string                    // hash of the model files that policies ask; empty when they ask none
}

// unruled is the policy of a code that has none.
var unruled = policy.Policy{Policy: control.Policy{Mode: verdict.Off}}

func (p *policies) of(code string) *policy.Policy {
	if p != nil {
		if found := p.byCode[code]; found != nil {
			return found
		}
	}
	return &unruled
}

// with is the policies after a record.
func (p *policies) with(r *control.Record) *policies {
	q := &policies{byCode: map[string]*policy.Policy{}, guards: map[string]control.Guard{}, models: map[string]string{}, latest: map[string]control.Record{}}
	if p != nil {
		maps.Copy(q.byCode, p.byCode)
		maps.Copy(q.guards, p.guards)
		maps.Copy(q.models, p.models)
		maps.Copy(q.latest, p.latest)
	}
	name := r.Object
	if r.Kind == control.KindBundle { // one version takes nothing from another
		name = r.Key()
	}
	q.latest[name] = *r
	code := ""
	switch r.Kind {
	case control.KindPolicy:
		code = r.Policy.Code
		q.byCode[code] = &policy.Policy{Policy: *r.Policy}
	case control.KindBundle:
		q.models[r.Bundle.ID()] = r.Bundle.SHA256[:16]
	case control.KindGuard:
		code = r.Guard.Code
		q.guards[code+"/"+r.Guard.Bundle] = *r.Guard
	default:
	}
	if held := q.byCode[code]; held != nil {
		guarded := *held
		g := q.guards[code+"/"+held.Bundle]
		guarded.Guard, guarded.GuardedBy, guarded.GuardUntil = g.State, g.Reason, g.ValidUntil
		q.byCode[code] = &guarded
	}
	q.asked = q.askedModels()
	return q
}

// askedModels is 16 hexadecimal digits of SHA-256 over code, bundle and model file of each policy that asks one.
func (p *policies) askedModels() string {
	h, some := sha256.New(), false
	for _, code := range slices.Sorted(maps.Keys(p.byCode)) {
		if held := p.byCode[code]; held.Asks() {
			some = true
			fmt.Fprintf(h, "%s %s %s\n", code, held.Bundle, p.models[held.Bundle])
		}
	}
	if !some {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// askedBy is the hash of the models that are asked.
func (e *Engine) askedBy() string {
	if e.lane.policies == nil {
		return ""
	}
	return e.lane.policies.asked
}

// settings is the record that says by what settings the lane judges; nil when those it began with hold. A record that makes no sense is not among them.
func (p *policies) settings() *control.Record {
	if p != nil {
		if r, said := p.latest[string(control.KindSettings)]; said {
			return &r
		}
	}
	return nil
}

// append writes the records in force, by object.
func (p *policies) append(b []byte) []byte {
	list := []control.Record{}
	if p != nil {
		for _, object := range slices.Sorted(maps.Keys(p.latest)) {
			list = append(list, p.latest[object])
		}
	}
	b, err := json.Append(b, list, 0)
	if err != nil {
		panic("detectors: encode control records: " + err.Error()) // they were read from JSON
	}
	return b
}

// readPolicies reads what append wrote.
func readPolicies(b []byte) (p *policies, err error) {
	var list []control.Record
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, err
	}
	for i := range list {
		p = p.with(&list[i])
	}
	return p, nil
}
