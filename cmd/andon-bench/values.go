package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"andon/cmd/andon-bench/figure"
)

// told is the values of a row in one line.
func told(values map[string]float64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		digits := 0
		if v := values[name]; v < 1000 && v != float64(int64(v)) {
			digits = 2
		}
		parts = append(parts, fmt.Sprintf("%s %s", strings.ReplaceAll(name, "_", " "), figure.Number(values[name], digits)))
	}
	return strings.Join(parts, ", ")
}
