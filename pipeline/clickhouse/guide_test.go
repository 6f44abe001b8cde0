package clickhouse_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the guide tells people to ask can be asked.
func TestTheGuidesQueriesRun(t *testing.T) {
	text, err := os.ReadFile("../../docs/guides/query.md")
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, "default")
	_, name := migrated(t, conn)
	queries := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(queries) < 5 {
		t.Errorf("found %d queries", len(queries))
	}
	for _, q := range queries {
		exec(t, conn, strings.ReplaceAll(q[1], "andon.", name+"."))
	}
	refresh(t, name)
}
