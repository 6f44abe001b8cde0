package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ruleFile is the name of a file with one rule in it: its code in small letters, e.g. in_05.go. ruleScript is its test and documentation.
var (
	ruleFile   = regexp.MustCompile(`^[a-z]{2}_[0-9]{2}\.go$`)
	ruleScript = func(file string) string { return strings.TrimSuffix(file, ".go") + ".txt" }
)

func TestEveryRuleHasAScript(t *testing.T) {
	_, root := repository()
	dir := filepath.Join(root, "detectors", "rule")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("rules live in detectors/rule: %v", err)
	}
	rules := 0
	for _, f := range files {
		if !ruleFile.MatchString(f.Name()) {
			continue
		}
		rules++
		if _, err := os.Stat(filepath.Join(dir, "testdata", ruleScript(f.Name()))); err != nil {
			t.Errorf("detectors/rule/%s has no script: write detectors/rule/testdata/%s, it is the rule's test and its documentation", f.Name(), ruleScript(f.Name()))
		}
	}
	if rules == 0 {
		t.Error("detectors/rule holds no rule file named like in_05.go")
	}
}
