package baseline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"andon/detectors/setting"
)

// Text is the tables as they stand in a configuration, under settings: YAML, an entry a line. Tables without entries are left out.
func Text(r setting.Reference) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("reference:\n")
	tables := reflect.ValueOf(r)
	for i := range tables.NumField() {
		list := tables.Field(i)
		if list.Len() == 0 {
			continue
		}
		name, _, _ := strings.Cut(tables.Type().Field(i).Tag.Get("yaml"), ",")
		fmt.Fprintf(&out, "  %s:\n", name)
		for k := range list.Len() {
			entry, err := json.Marshal(list.Index(k).Interface()) // JSON is YAML too
			if err != nil {
				return nil, fmt.Errorf("baseline: write %s: %w", name, err)
			}
			fmt.Fprintf(&out, "    - %s\n", entry)
		}
	}
	return out.Bytes(), nil
}
