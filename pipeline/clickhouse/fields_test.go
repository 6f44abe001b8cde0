package clickhouse

import (
	"reflect"
	"strings"
	"testing"

	"andon/schemas/control"
	"andon/schemas/cost"
	"andon/schemas/decision"
	"andon/schemas/event"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// A member that the wire contract gains must get a column, or its facts would be missing from the tables in silence.
func TestEveryMemberOnTheWireHasAColumn(t *testing.T) {
	columns := map[string]bool{}
	for _, f := range eventFields {
		columns["events."+f.name] = true
	}
	for _, f := range exceptionFields {
		columns["exceptions."+f.name] = true
	}
	for _, f := range costFields {
		columns["costs."+f.name] = true
	}
	for _, f := range verdictFields {
		columns["verdicts."+f.name] = true
	}
	for _, f := range decisionFields {
		columns["decisions."+f.name] = true
	}
	for _, f := range healthFields {
		columns["model_health."+f.name] = true
	}
	for prefix, contract := range map[string]reflect.Type{
		"events.":       reflect.TypeFor[event.Event](),
		"events.lines.": reflect.TypeFor[event.Line](),
		"costs.":        reflect.TypeFor[cost.Cost](),
		"verdicts.":     reflect.TypeFor[verdict.Verdict](),
		"decisions.":    reflect.TypeFor[decision.Decision](),
		"model_health.": reflect.TypeFor[control.Guard](),
		"exceptions.":   reflect.TypeFor[exception.Exception](),
	} {
		for field := range contract.Fields() {
			member, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if member == "-" || member == "lines" {
				continue
			}
			if !columns[prefix+member] {
				t.Errorf("%s%s has no column", prefix, member)
			}
		}
	}
}
