package tree

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

const smallLightGBM = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=hours qty
feature_infos=[0:1] [0:1]
tree_sizes=1 1

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
threshold=1.5 0
decision_type=10 1
left_child=1 -1
right_child=-3 -2
leaf_value=0.25 -0.5 1
cat_boundaries=0 1
cat_threshold=6
is_linear=0
shrinkage=1

Tree=1
num_leaves=1
leaf_value=0.125

end of trees

pandas_categorical:[["a", "b"]]
`

const smallXGBoost = `{"version": [3, 2, 0], "learner": {"feature_names": [], "learner_model_param": {"base_score": "[5E-1]", "num_class": "0",
"num_feature": "2", "num_target": "1"}, "objective": {"name": "binary:logistic"}, "gradient_booster": {"name": "gbtree", "model": {
"gbtree_model_param": {"num_trees": "1"}, "cats": {"enc": []}, "trees": [{"left_children": [1, -1, -1], "right_children": [2, -1, -1],
"split_indices": [1, 0, 0], "split_conditions": [1.5, -0.5, 0.25], "default_left": [1, 0, 0], "split_type": [0, 0, 0],
"tree_param": {"size_leaf_vector": "1"}}]}}}}`

// TestRefused changes one place of a file that is read and expects an error that names it.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		file, old, new, says string
		unsupported          bool
	}{
		{smallLightGBM, "version=v4", "version=v5", `version "v5"`, true},
		{smallLightGBM, "version=v4\n", "", `version ""`, true},
		{smallLightGBM, "num_class=1", "num_class=3", "num_class=3", true},
		{smallLightGBM, "num_tree_per_iteration=1", "num_tree_per_iteration=3", "num_tree_per_iteration=3", true},
		{smallLightGBM, "objective=binary sigmoid:1", "objective=lambdarank", `"lambdarank"`, true},
		{smallLightGBM, "objective=binary sigmoid:1", "objective=regression sqrt", `"regression sqrt"`, true},
		{smallLightGBM, "objective=binary sigmoid:1", "objective=binary sigmoid:-1", "sigmoid:-1", true},
		{smallLightGBM, "objective=binary sigmoid:1\n", "", `objective ""`, true},
		{smallLightGBM, "is_linear=0", "is_linear=1", "is_linear=1", true},
		{smallLightGBM, "decision_type=10 1", "decision_type=14 1", "decision_type 14", true},
		{smallLightGBM, "max_feature_idx=1", "max_feature_idx=2147483647", "max_feature_idx=2147483647", false},
		{smallLightGBM, "feature_names=hours qty", "feature_names=", "0 features", false},
		{smallLightGBM, "feature_names=hours qty", "feature_names=" + strings.Repeat("f ", maxFeatures+1), "4097 features", false},
		{smallLightGBM, "num_leaves=3", "num_leaves=2147483647", "num_leaves=2147483647", false},
		{smallLightGBM, "num_leaves=3", "num_leaves=3\nnum_leaves=3", "num_leaves is there twice", false},
		{smallLightGBM, "threshold=1.5 0", "threshold=1.5", "3 leaves need 2", false},
		{smallLightGBM, "threshold=1.5 0", "threshold=nan 0", "not a number", false},
		{smallLightGBM, "threshold=1.5 0", "threshold=1.5 1", "set 1 of 1", false},
		{smallLightGBM, "threshold=1.5 0", "threshold=1.5x 0", "threshold", false},
		{smallLightGBM, "leaf_value=0.25", "leaf_value=inf", "leaf 0 is +Inf", false},
		{smallLightGBM, "split_feature=0 1", "split_feature=2 1", "feature 2 of 2", false},
		{smallLightGBM, "left_child=1 -1", "left_child=0 -1", "not to a tree", false},
		{smallLightGBM, "left_child=1 -1", "left_child=2 -1", "split 2 of 2", false},
		{smallLightGBM, "right_child=-3 -2", "right_child=-4 -2", "leaf 3 of 3", false},
		{smallLightGBM, "cat_boundaries=0 1", "cat_boundaries=0 2000000000", "cat_boundaries", false},
		{smallLightGBM, "cat_boundaries=0 1", "cat_boundaries=", "cat_boundaries", false},
		{smallLightGBM, "\nTree=1", "\nend of trees\nTree=1", "ends after tree 1", false},
		{smallLightGBM, "end of trees", "", "ends after tree 2", false},

		{smallXGBoost, "[3, 2, 0]", "[4, 0, 0]", "version [4 0 0]", true},
		{smallXGBoost, `"version": [3, 2, 0], `, "", "version []", true},
		{smallXGBoost, `"num_class": "0"`, `"num_class": "3"`, "num_class 3", true},
		{smallXGBoost, `"num_target": "1"`, `"num_target": "2"`, "num_target 2", true},
		{smallXGBoost, `"size_leaf_vector": "1"`, `"size_leaf_vector": "3"`, "size_leaf_vector 3", true},
		{smallXGBoost, "binary:logistic", "rank:ndcg", `"rank:ndcg"`, true},
		{smallXGBoost, "gbtree\", \"model", "gblinear\", \"model", `"gblinear"`, true},
		{smallXGBoost, `[5E-1]`, `[5E-1,2E-1]`, "base_score", true},
		{smallXGBoost, `[5E-1]`, `[1E0]`, "base_score", false},
		{smallXGBoost, `"split_type": [0`, `"split_type": [1`, "categorical splits", true},
		{smallXGBoost, `"enc": []`, `"enc": [{}]`, "categorical features", true},
		{smallXGBoost, `"num_feature": "2"`, `"num_feature": "2000000000"`, "num_feature", false},
		{smallXGBoost, `"num_trees": "1"`, `"num_trees": "100000000"`, "num_trees", false},
		{smallXGBoost, `"gbtree", "model"`, `"dart", "gbtree": {}, "x"`, "num_trees", false},
		{smallXGBoost, `"gbtree", "model"`, `"dart", "weight_drop": [1], "model"`, "1 weight_drop for 0 trees", false},
		{smallXGBoost, `"default_left": [1`, `"default_left": [7`, "is not a flag", false},
		{smallXGBoost, `"left_children": [1`, `"left_children": [0`, "not to a tree", false},
		{smallXGBoost, `"left_children": [1`, `"left_children": [3`, "children 3 and 2", false},
		{smallXGBoost, `"right_children": [2`, `"right_children": [-1`, "children 1 and -1", false},
		{smallXGBoost, `"split_indices": [1`, `"split_indices": [2`, "feature 2 of 2", false},
		{smallXGBoost, `"split_indices": [1, 0`, `"split_indices": [1`, "not of one length", false},
		{smallXGBoost, "[1.5,", "[NaN,", "invalid character", false},
		{"binf", "", "", "save_model", true},
	} {
		if strings.Count(c.file, c.old) != 1 && c.old != "" {
			t.Errorf("%q is there %d times, not once", c.old, strings.Count(c.file, c.old))
		}
		_, err := Parse([]byte(strings.Replace(c.file, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, ErrUnsupported) != c.unsupported {
			t.Errorf("%q for %q: error %v, want one that says %q, unsupported %v", c.new, c.old, err, c.says, c.unsupported)
		}
	}
	if _, err := Parse(make([]byte, maxFile+1)); err == nil {
		t.Error("a file over the limit was read")
	}
}

func TestSmallModels(t *testing.T) {
	nan := math.NaN()
	rows := []float64{1.5, 1, nan, 2, 1.6, 1, nan, nan}
	for _, c := range []struct {
		name, file string
		features   []string
		raw        []float64
	}{
		{"LightGBM", smallLightGBM, []string{"hours", "qty"}, []float64{0.375, 0.375, 1.125, -0.375}},
		{"LightGBM with carriage returns", strings.ReplaceAll(smallLightGBM, "\n", "\r\n"), []string{"hours", "qty"}, []float64{0.375, 0.375, 1.125, -0.375}},
		{"LightGBM 2.2 ending", strings.Replace(smallLightGBM, "end of trees", "feature importances:", 1), []string{"hours", "qty"}, []float64{0.375, 0.375, 1.125, -0.375}},
		{"XGBoost", smallXGBoost, []string{"f0", "f1"}, []float64{-0.5, 0.25, -0.5, -0.5}},
		{"XGBoost as UBJSON", string(toUBJSON(t, smallXGBoost)), []string{"f0", "f1"}, []float64{-0.5, 0.25, -0.5, -0.5}},
		{"XGBoost before 1.6", strings.Replace(smallXGBoost, "[1, 0, 0], \"split_type\": [0, 0, 0]", "[true, false, false]", 1), []string{"f0", "f1"}, []float64{-0.5, 0.25, -0.5, -0.5}},
	} {
		m, err := Parse([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := make([]float64, 4)
		if err := m.Raw(rows, 4, got); err != nil || !slices.Equal(got, c.raw) || !slices.Equal(m.FeatureNames(), c.features) || m.Features() != 2 {
			t.Errorf("%s: %v, %v of %v, want %v of %v", c.name, got, err, m.FeatureNames(), c.raw, c.features)
		}
	}
}

func TestRowsRefused(t *testing.T) {
	inf := math.Inf(1)
	light, err := Parse([]byte(smallLightGBM))
	if err != nil {
		t.Fatal(err)
	}
	xgb, err := Parse([]byte(smallXGBoost))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 2)
	for _, c := range []struct {
		model *Model
		rows  []float64
		n     int
		says  string
	}{
		{light, []float64{1, 2, 3, inf}, 2, "feature qty of row 1 is +Inf"},
		{light, []float64{-inf, 2}, 1, "feature hours of row 0 is -Inf"},
		{light, []float64{math.MaxFloat64, 2}, 1, ""},
		{xgb, []float64{math.MaxFloat64, 2}, 1, "feature f0 of row 0"}, // infinite as a float32
		{xgb, []float64{math.MaxFloat32, 2}, 1, ""},
		{light, []float64{1, 2, 3}, 2, "do not fit"},
		{light, []float64{1, 2, 3, 4, 5, 6}, 3, "do not fit"},
		{light, nil, -1, "do not fit"},
		{light, nil, 0, ""},
	} {
		err := c.model.Score(c.rows, c.n, out)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v as %d rows: error %v, want %q", c.rows, c.n, err, c.says)
		}
	}
}

func TestUBJSON(t *testing.T) {
	for _, c := range []struct{ file, json, says string }{
		{"{U\x01aZU\x01bTU\x01cF}", `{"a":null,"b":true,"c":false}`, ""},
		{"[i\xffU\xffI\xff\x00l\xff\x00\x00\x00L\xff\x00\x00\x00\x00\x00\x00\x00]", `[-1,255,-256,-16777216,-72057594037927936]`, ""},
		{"[d?\xc0\x00\x00D?\xf8\x00\x00\x00\x00\x00\x00SU\x02a\"]", `[1.5,1.5,"a\""]`, ""},
		{"[$d#U\x01?\xc0\x00\x00", `[1.5]`, ""},
		{"[#U\x02[][]", `[[],[]]`, ""},
		{"{#U\x01U\x01a{}", `{"a":{}}`, ""},
		{"[$d#l\x7f\xff\xff\xff", "", "2147483647 members"},
		{"[#L\x7f\xff\xff\xff\xff\xff\xff\xff", "", "members, with 0 bytes left"},
		{"[#i\xff", "", "-1 members"},
		{"[$Z#U\x01", "", "container of type"},
		{"[$dU\x01", "", "without a count"},
		{"[SL\x7f\xff\xff\xff\xff\xff\xff\xff]", "", "a text of 9223372036854775807 bytes"},
		{"[d\x7f\xc0\x00\x00]", "", "NaN"},
		{"[H]", "", `marker 'H'`},
		{"[i", "", "ends in the middle"},
		{"{U\x01a", "", "ends in the middle"},
		{"[]x", "", "1 bytes follow"},
		{strings.Repeat("[", 40), "", "deep"},
	} {
		got, err := fromUBJSON([]byte(c.file))
		if c.says == "" && (err != nil || string(got) != c.json || !json.Valid(got)) || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%q: %s, %v, want %s %s", c.file, got, err, c.json, c.says)
		}
	}
}
