package tree

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// section is the lines "key=value" of a part of a LightGBM file: its header, or one tree.
type section map[string]string

// parseLightGBM reads a file as LightGBM 2 to 4 writes it (its src/io/tree.cpp and src/boosting/gbdt_model_text.cpp).
func parseLightGBM(text string) (*Model, error) {
	header, text, err := cutSection(text)
	if err != nil {
		return nil, err
	}
	m, err := lightGBMHeader(header)
	if err != nil {
		return nil, err
	}
	for strings.HasPrefix(text, "Tree=") {
		var s section
		if s, text, err = cutSection(text); err == nil {
			err = m.lightGBMTree(s)
		}
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", len(m.trees), err)
		}
	}
	if sizes, ok := header["tree_sizes"]; ok && len(strings.Fields(sizes)) != len(m.trees) || text == "" {
		return nil, fmt.Errorf("ends after tree %d, before all trees were read", len(m.trees))
	}
	m.finish()
	return m, nil
}

// cutSection reads to the next tree, or to what follows the last one; rest begins with that line.
func cutSection(text string) (s section, rest string, err error) {
	s = section{}
	for first := true; text != ""; first = false {
		line, after, _ := strings.Cut(text, "\n")
		line = strings.TrimRight(line, " \r")
		if !first && (strings.HasPrefix(line, "Tree=") || line == "end of trees" || strings.HasPrefix(line, "feature importances:")) {
			break
		}
		text = after
		key, value, _ := strings.Cut(line, "=")
		if _, twice := s[key]; twice && key != "" {
			return nil, "", fmt.Errorf("%s is there twice", key)
		}
		s[key] = value
	}
	return s, text, nil
}

func lightGBMHeader(s section) (*Model, error) {
	if v := s["version"]; !slices.Contains([]string{"v2", "v3", "v4"}, v) {
		return nil, fmt.Errorf("version %q: %w (v2, v3 and v4 are)", v, ErrUnsupported)
	}
	for _, key := range []string{"num_class", "num_tree_per_iteration"} {
		if s[key] != "1" {
			return nil, fmt.Errorf("multiclass (%s=%s): %w", key, s[key], ErrUnsupported)
		}
	}
	m, err := newModel(strings.Fields(s["feature_names"]))
	if err != nil {
		return nil, err
	}
	if want := strconv.Itoa(len(m.names) - 1); s["max_feature_idx"] != want {
		return nil, fmt.Errorf("max_feature_idx=%s with %d feature_names", s["max_feature_idx"], len(m.names))
	}
	_, m.average = s["average_output"]
	m.slope, err = lightGBMSlope(s["objective"])
	return m, err
}

// lightGBMSlope is the slope of an objective's sigmoid, 0 for a regression that answers raw scores.
func lightGBMSlope(objective string) (float64, error) {
	words := strings.Fields(objective)
	unsupported := fmt.Errorf("objective %q: %w (binary, and regressions that answer raw scores, are)", objective, ErrUnsupported)
	if len(words) == 0 {
		return 0, unsupported
	}
	switch words[0] {
	case "binary":
		slope := 1.0
		for _, word := range words[1:] {
			value, ok := strings.CutPrefix(word, "sigmoid:")
			k, err := strconv.ParseFloat(value, 64)
			if !ok || err != nil || !(k > 0 && k < 1e6) {
				return 0, unsupported
			}
			slope = k
		}
		return slope, nil
	case "regression", "regression_l1", "huber", "fair", "quantile", "mape":
		if len(words) == 1 { // another word is sqrt
			return 0, nil
		}
	}
	return 0, unsupported
}

// lightGBMTree adds a tree.
func (m *Model) lightGBMTree(s section) error {
	if linear := s["is_linear"]; linear != "" && linear != "0" {
		return fmt.Errorf("linear leaves (is_linear=%s): %w", linear, ErrUnsupported)
	}
	leaves, err := numbers(s, "leaf_value", float)
	if err != nil {
		return err
	}
	if s["num_leaves"] != strconv.Itoa(len(leaves)) || len(leaves) == 0 {
		return fmt.Errorf("num_leaves=%s with %d leaf_value", s["num_leaves"], len(leaves))
	}
	if len(leaves) == 1 {
		return m.plant(nil, leaves)
	}
	splits, err := lightGBMSplits(s, len(leaves)-1)
	if err != nil {
		return err
	}
	return m.plant(splits, leaves)
}

func lightGBMSplits(s section, n int) ([]split, error) {
	features, err1 := numbers(s, "split_feature", integer)
	cuts, err2 := numbers(s, "threshold", float)
	kinds, err3 := numbers(s, "decision_type", integer)
	lefts, err4 := numbers(s, "left_child", integer)
	rights, err5 := numbers(s, "right_child", integer)
	sets, err6 := lightGBMSets(s)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	for _, column := range [][]int{features, kinds, lefts, rights} {
		if len(column) != n || len(cuts) != n {
			return nil, fmt.Errorf("%d leaves need %d of each of split_feature, threshold, decision_type, left_child and right_child", n+1, n)
		}
	}
	splits := make([]split, n)
	for i := range splits {
		splits[i] = split{feature: features[i], cut: cuts[i], left: lefts[i], right: rights[i]}
		if err := splits[i].decide(kinds[i], sets); err != nil {
			return nil, fmt.Errorf("split %d: %w", i, err)
		}
	}
	return splits, nil
}

// decide reads a decision_type: bit 0 categorical, bit 1 missing goes left, bits 2 and 3 what is missing: nothing (then it is zero), zero, NaN.
func (s *split) decide(kind int, sets [][]uint32) error {
	if kind < 0 || kind > 11 {
		return fmt.Errorf("decision_type %d: %w", kind, ErrUnsupported)
	}
	if kind&1 != 0 {
		if !(s.cut >= 0 && s.cut < float64(len(sets))) {
			return fmt.Errorf("set %v of %d", s.cut, len(sets))
		}
		s.set = sets[int(s.cut)]
		return nil
	}
	s.missingLeft = kind&2 != 0
	s.zeroMissing = kind>>2 == 1
	if kind>>2 == 0 {
		s.missingLeft = 0 <= s.cut
	}
	return nil
}

// lightGBMSets cuts cat_threshold, the bits of all sets of a tree, at cat_boundaries.
func lightGBMSets(s section) ([][]uint32, error) {
	if s["num_cat"] == "" || s["num_cat"] == "0" {
		return nil, nil
	}
	bounds, err1 := numbers(s, "cat_boundaries", integer)
	words, err2 := numbers(s, "cat_threshold", func(text string) (uint32, error) {
		v, err := strconv.ParseUint(text, 10, 32)
		return uint32(v), err
	})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if s["num_cat"] != strconv.Itoa(len(bounds)-1) || bounds[0] != 0 || bounds[len(bounds)-1] != len(words) || !slices.IsSorted(bounds) {
		return nil, fmt.Errorf("num_cat, cat_boundaries and cat_threshold do not fit each other")
	}
	sets := make([][]uint32, len(bounds)-1)
	for i := range sets {
		sets[i] = words[bounds[i]:bounds[i+1]:bounds[i+1]]
	}
	return sets, nil
}

// numbers reads a line of numbers; it allocates for those that are there.
func numbers[T any](s section, key string, parse func(string) (T, error)) ([]T, error) {
	var out []T
	for word := range strings.FieldsSeq(s[key]) {
		v, err := parse(word)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		out = append(out, v)
	}
	return out, nil
}

func float(text string) (float64, error) { return strconv.ParseFloat(text, 64) }

func integer(text string) (int, error) {
	v, err := strconv.ParseInt(text, 10, 32)
	return int(v), err
}
