package detectortest_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"andon/detectors/detectortest"
	"andon/detectors/rule"
)

var rewrite = flag.Bool("rewrite", false, "write what the rules say into the scripts; read the diff before you keep it")

// Each rule tells its story in rule/testdata; what it says today must be what the script says.
func TestScripts(t *testing.T) {
	for _, r := range rule.All {
		t.Run(r.Code, func(t *testing.T) {
			path := "../rule/testdata/" + strings.ReplaceAll(strings.ToLower(r.Code), "-", "_") + ".txt"
			script, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := detectortest.Run(r.Code, string(script))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if *rewrite {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(script) {
				t.Errorf("%s says otherwise now; got:\n%s", path, got)
			}
		})
	}
}
