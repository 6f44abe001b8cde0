package clickhouse

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestMigrationsAreRepeatableSingleStatements(t *testing.T) {
	list := Migrations(Database)
	if len(list) == 0 {
		t.Fatal("no migrations are embedded")
	}
	for _, m := range list {
		if !strings.Contains(m.SQL, " IF NOT EXISTS "+Database+".") {
			t.Errorf("%s is not harmless to repeat, or names another database", m.Name)
		}
		if strings.Contains(m.SQL, ";\n") {
			t.Errorf("%s holds more than one statement", m.Name)
		}
	}
}

func tableOf(m Migration) string { return strings.TrimSuffix(m.Name[5:], ".sql") }

func isLoaded(m Migration) bool { return slices.Contains(Loaded[:], tableOf(m)) }

// A key column that may differ between two loads of one fact would keep both: only facts of the id itself may stand in a key.
func TestKeysHoldOnlyFactsOfTheID(t *testing.T) {
	allowed := map[string]string{
		"events":     "tenant family subject event_id topic partition offset event_time",
		"exceptions": "tenant code subject episode exception_id revision topic partition offset",
		"costs":      "tenant component subject part cost_id topic partition offset incurred_at",
		"verdicts":   "tenant code subject episode judged_at verdict_id topic partition offset",
		"decisions":  "tenant item_id decision_id topic partition offset", // the key of the writer is in the id
		// What names a control record: its object, here code and bundle, and its version.
		"model_health": "code bundle version topic partition offset",
	}
	clause := regexp.MustCompile(`(?m)^(?:ORDER BY \((.*)\)|PARTITION BY (?:\w+\()?(.*?)\)?)$`)
	for _, m := range Migrations(Database) {
		table := tableOf(m)
		if !isLoaded(m) {
			continue
		}
		found := clause.FindAllStringSubmatch(m.SQL, -1)
		if len(found) == 0 {
			t.Errorf("%s has no ORDER BY", m.Name)
		}
		for _, match := range found {
			for column := range strings.SplitSeq(match[1]+match[2], ", ") {
				if !strings.Contains(" "+allowed[table]+" ", " "+column+" ") {
					t.Errorf("%s: %s stands in a key of %s but is no fact of the id", m.Name, column, table)
				}
			}
		}
	}
}

func TestRowsAreKeptAsLongAsSaid(t *testing.T) {
	from := map[string]string{Events: "load_time", Exceptions: "record_time", Verdicts: "record_time", Costs: "record_time", Decisions: "record_time", Health: "record_time"}
	for _, m := range Migrations(Database) {
		if table := tableOf(m); isLoaded(m) {
			if ttl := fmt.Sprintf("TTL toDateTime(%s) + INTERVAL %d MONTH", from[table], KeptMonths[table]); !strings.Contains(m.SQL, ttl) {
				t.Errorf("%s does not say %s", m.Name, ttl)
			}
		}
	}
}

func TestEveryTableIsReplacingWithATokenWindow(t *testing.T) {
	for _, m := range Migrations(Database) {
		if isLoaded(m) &&
			(!strings.Contains(m.SQL, "ENGINE = ReplacingMergeTree") || !strings.Contains(m.SQL, "non_replicated_deduplication_window = 1000")) {
			t.Errorf("%s must be a ReplacingMergeTree with non_replicated_deduplication_window = 1000", m.Name)
		}
	}
}
