package clickhouse

import (
	"strings"
	"testing"

	"andon/internal/enginetest"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// A profile that overrides a setting looks like this from here: the server reports another value than was sent.
func TestCheckSettingsComparesWhatIsInEffect(t *testing.T) {
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{enginetest.ClickHouse(t).Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	db, err := New(t.Context(), conn, "andon")
	if err != nil {
		t.Fatal(err)
	}
	if len(db.settings) != len(insertSettings) {
		t.Errorf("the server knows %v, want all of %v", db.settings, insertSettings)
	}
	if err := db.checkSettings(t.Context()); err != nil {
		t.Error(err)
	}
	values, err := db.settingValues(db.as(t.Context(), nil))
	if is := values["async_insert"] + values["insert_deduplicate"]; err != nil || is != "01" { // a block is whole, and there once
		t.Errorf("async_insert and insert_deduplicate are %q within an insert, %v", is, err)
	}
	db.settings["insert_deduplicate"] = "true" // reported as 1
	if err := db.checkSettings(t.Context()); err == nil || !strings.Contains(err.Error(), `setting insert_deduplicate is "1"`) {
		t.Errorf("another value in effect: %v", err)
	}
}
