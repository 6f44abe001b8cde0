package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"andon/detectors"
	"andon/detectors/setting"
	"andon/pipeline"
	"andon/pipeline/audit"
	"andon/schemas/control"
)

// settings are those in force before an offset of andon.control: those of the configuration until a record brings others.
func (a *auditor) settings(ctx context.Context, before int64) (setting.Settings, error) {
	records, err := pipeline.Between(ctx, a.Controls, 0, before)
	s := a.cfg.Settings
	for i := range records {
		if r := &records[i]; r.Kind == control.KindSettings {
			if revised, err := detectors.Revised(s, r); err == nil { // else lanes do not go by it either
				s = revised
			}
		}
	}
	return s, err
}

// nameSettings adds to what was judged with other settings which key of the configuration makes the difference, where one alone does.
func (a *auditor) nameSettings(r *audit.Report) {
	for i := range r.Unchecked {
		if u := &r.Unchecked[i]; u.Reason == audit.OtherSettings {
			if key := settingApart(a.cfg.Settings, u.Needs); key != "" {
				u.Says += "; it is the present one but for settings." + key + ", which was not set then"
			}
		}
	}
}

// settingApart is the key of the settings that, put back to its default, gives settings of the hash; empty when there is none.
func settingApart(s setting.Settings, hash string) string {
	now, standard := tree(s), tree(setting.Default())
	for _, key := range leaves(now, nil) {
		other := tree(s)
		put(other, key, standard)
		var was setting.Settings
		text, err := json.Marshal(other)
		if err == nil && json.Unmarshal(text, &was) == nil && was.Hash() == hash {
			for below, is := at(now, key).(map[string]any); is && len(below) == 1; below, is = at(now, key).(map[string]any) {
				key = append(key, slices.Collect(maps.Keys(below))...) // it is all there is below
			}
			return strings.Join(key, ".")
		}
	}
	return ""
}

// tree is settings as JSON objects in one another.
func tree(s setting.Settings) (t map[string]any) {
	text, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err != nil {
		panic("settings: " + err.Error()) // they hold strings and integers
	}
	return t
}

// leaves are the paths to everything in a tree, what is nearer to its root first.
func leaves(t map[string]any, path []string) (all [][]string) {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		at := append(slices.Clone(path), name)
		all = append(all, at)
		if below, is := t[name].(map[string]any); is {
			all = append(all, leaves(below, at)...)
		}
	}
	return all
}

// at is what a tree has at a path.
func at(t map[string]any, path []string) (v any) {
	v = t
	for _, name := range path {
		below, _ := v.(map[string]any)
		v = below[name]
	}
	return v
}

// put gives what is at a path the value it has in another tree, or takes it out.
func put(t map[string]any, path []string, from map[string]any) {
	for _, name := range path[:len(path)-1] {
		t, _ = t[name].(map[string]any)
		from, _ = from[name].(map[string]any)
	}
	last := path[len(path)-1]
	if v, is := from[last]; is {
		t[last] = v
	} else {
		delete(t, last)
	}
}
