package tree

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// xgbFile is what is read of a model that XGBoost saved (its doc/model.schema). Numbers of the parameters are text there.
type xgbFile struct {
	Version []int `json:"version"`
	Learner struct {
		Names []string `json:"feature_names"`
		Param struct {
			BaseScore string `json:"base_score"`
			Classes   string `json:"num_class"`
			Features  string `json:"num_feature"`
			Targets   string `json:"num_target"`
		} `json:"learner_model_param"`
		Objective struct {
			Name string `json:"name"`
		} `json:"objective"`
		Booster struct {
			Name  string   `json:"name"`
			Model xgbTrees `json:"model"`
			Inner struct {
				Model xgbTrees `json:"model"`
			} `json:"gbtree"`
			Weights []float32 `json:"weight_drop"`
		} `json:"gradient_booster"`
	} `json:"learner"`
}

type xgbTrees struct {
	Param struct {
		Trees string `json:"num_trees"`
	} `json:"gbtree_model_param"`
	Trees []json.RawMessage `json:"trees"`
	Cats  struct {
		Encodings []json.RawMessage `json:"enc"`
	} `json:"cats"`
}

// xgbTree has one entry per node in each list. A node without left child is a leaf, its condition is its value.
type xgbTree struct {
	Lefts       []int32   `json:"left_children"`
	Rights      []int32   `json:"right_children"`
	Features    []int32   `json:"split_indices"`
	Conditions  []float32 `json:"split_conditions"`
	DefaultLeft []xgbFlag `json:"default_left"`
	SplitTypes  []xgbFlag `json:"split_type"`
	Param       struct {
		Leaf string `json:"size_leaf_vector"`
	} `json:"tree_param"`
}

// xgbFlag is 0 or 1, in files before version 1.6 false or true.
type xgbFlag bool

// UnmarshalJSON reads either form.
func (f *xgbFlag) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "0", "false":
		*f = false
	case "1", "true":
		*f = true
	default:
		return fmt.Errorf("%q is not a flag", text)
	}
	return nil
}

// parseXGBoost reads the JSON form; all trees are used, as Booster.predict does.
func parseXGBoost(text []byte) (*Model, error) {
	var file xgbFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if len(file.Version) != 3 || file.Version[0] < 1 || file.Version[0] > 3 {
		return nil, fmt.Errorf("version %v: %w (1 to 3 are)", file.Version, ErrUnsupported)
	}
	m, err := file.model()
	if err != nil {
		return nil, err
	}
	booster := &file.Learner.Booster
	trees := booster.Model
	switch booster.Name {
	case "gbtree":
	case "dart":
		trees = booster.Inner.Model
		if len(booster.Weights) != len(trees.Trees) {
			return nil, fmt.Errorf("%d weight_drop for %d trees", len(booster.Weights), len(trees.Trees))
		}
	default:
		return nil, fmt.Errorf("booster %q: %w (gbtree and dart are)", booster.Name, ErrUnsupported)
	}
	if trees.Param.Trees != strconv.Itoa(len(trees.Trees)) {
		return nil, fmt.Errorf("num_trees %q with %d trees", trees.Param.Trees, len(trees.Trees))
	}
	if len(trees.Cats.Encodings) > 0 {
		return nil, fmt.Errorf("categorical features: %w", ErrUnsupported)
	}
	for i, text := range trees.Trees {
		weight := float32(1)
		if booster.Name == "dart" {
			weight = booster.Weights[i]
		}
		if err := m.xgbTree(text, weight); err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
	}
	m.finish()
	return m, nil
}

// model is the file's model without its trees.
func (f *xgbFile) model() (*Model, error) {
	l := &f.Learner
	for _, p := range []struct{ name, value string }{{"multiclass: num_class", l.Param.Classes}, {"multi-target: num_target", l.Param.Targets}} {
		if p.value != "" && p.value != "0" && p.value != "1" {
			return nil, fmt.Errorf("%s %s: %w", p.name, p.value, ErrUnsupported)
		}
	}
	features, err := strconv.Atoi(l.Param.Features)
	if err != nil || features < 1 || features > maxFeatures || len(l.Names) != 0 && len(l.Names) != features {
		return nil, fmt.Errorf("num_feature %q with %d feature_names: 1 to %d are read", l.Param.Features, len(l.Names), maxFeatures)
	}
	for i := len(l.Names); i < features; i++ {
		l.Names = append(l.Names, "f"+strconv.Itoa(i))
	}
	m, err := newModel(l.Names)
	if err != nil {
		return nil, err
	}
	m.single, m.limit = true, 0x1.fffffefffffffp+127 // the last that a float32 holds
	base, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(l.Param.BaseScore, "["), "]"), 32)
	if err != nil || math.IsInf(base, 0) || math.IsNaN(base) {
		return nil, fmt.Errorf("base_score %q: %w (one number is)", l.Param.BaseScore, ErrUnsupported)
	}
	switch l.Objective.Name {
	case "binary:logistic", "reg:logistic": // the base is a probability
		if !(base > 0 && base < 1) {
			return nil, fmt.Errorf("base_score %q of %s is not between 0 and 1", l.Param.BaseScore, l.Objective.Name)
		}
		m.slope, base = 1, float64(float32(-math.Log(float64(1/float32(base)-1))))
	case "reg:squarederror", "reg:absoluteerror":
	default:
		return nil, fmt.Errorf("objective %q: %w (binary:logistic, reg:logistic, reg:squarederror and reg:absoluteerror are)", l.Objective.Name, ErrUnsupported)
	}
	m.base = base
	return m, nil
}

// xgbTree adds a tree: less than the condition goes left, in float32.
func (m *Model) xgbTree(text []byte, weight float32) error {
	var t xgbTree
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	n := len(t.Lefts)
	if len(t.Rights) != n || len(t.Features) != n || len(t.Conditions) != n || len(t.DefaultLeft) != n || n == 0 {
		return fmt.Errorf("left_children, right_children, split_indices, split_conditions and default_left are not of one length")
	}
	if size := t.Param.Leaf; size != "" && size != "0" && size != "1" {
		return fmt.Errorf("multi-target: size_leaf_vector %s: %w", size, ErrUnsupported)
	}
	for _, isCategorical := range t.SplitTypes {
		if isCategorical {
			return fmt.Errorf("categorical splits: %w", ErrUnsupported)
		}
	}
	leaves, splits := make([]float64, n), make([]split, n)
	for i := range n {
		leaves[i] = float64(t.Conditions[i] * weight)
		left, right := int(t.Lefts[i]), int(t.Rights[i])
		if left < 0 {
			continue
		}
		if right < 0 || left >= n || right >= n {
			return fmt.Errorf("children %d and %d of node %d are not among %d nodes", left, right, i, n)
		}
		if t.Lefts[left] < 0 {
			left = ^left
		}
		if t.Lefts[right] < 0 {
			right = ^right
		}
		below := math.Nextafter(float64(t.Conditions[i]), math.Inf(-1))
		splits[i] = split{feature: int(t.Features[i]), cut: below, missingLeft: bool(t.DefaultLeft[i]), left: left, right: right}
	}
	if t.Lefts[0] < 0 {
		splits = nil
	}
	return m.plant(splits, leaves)
}
