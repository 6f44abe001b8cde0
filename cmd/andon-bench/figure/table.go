package figure

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// column is one column of a table: a value of the rows, and how it is written.
type column struct {
	head, value string
	digits      int // after the point
}

// table is how one measurement is shown: a line for each case of its last run, or, down, a line for each value.
type table struct {
	figure, first string // the file; the head of the first column
	columns       []column
	down          bool
}

// tables are the tables of the docs by the name in their markers. The table steps is made of the runs of line, see steps.
var tables = map[string]table{
	"line": {figure: "line", first: "broker, engine", columns: []column{
		{"events/s", "events_per_s", 0}, {"time an event, us", "time_us", 2}, {"andon CPU, us", "andon_cpu_us", 2}, {"broker CPU, us", "broker_cpu_us", 2},
		{"of it collecting garbage, %", "gc_percent", 1}, {"of the ceiling, %", "ceiling_percent", 0}, {"cores busy", "busy_cores", 2},
	}},
	"held": {figure: "line", first: "broker, engine", columns: []column{
		{"events measured", "events", 0}, {"bytes an event", "event_bytes", 0}, {"entities before", "entities_before", 0}, {"entities after", "entities_after", 0},
		{"exceptions", "exceptions", 0}, {"costs", "costs", 0}, {"facts of a parcel, bytes", "parcel_facts_bytes", 0}, {"heap an entity, bytes", "heap_entity_bytes", 0},
	}},
	"growth": {figure: "growth", first: "open parcels", columns: []column{
		{"time an event, us", "time_us", 2}, {"to the smallest", "ratio", 2}, {"facts of a parcel, bytes", "parcel_facts_bytes", 0},
		{"heap of a parcel, bytes", "parcel_heap_bytes", 0}, {"heap, MB", "heap_mb", 0}, {"garbage collection, %", "gc_percent", 1},
	}},
	"snapshot": {figure: "growth", first: "open parcels", columns: []column{
		{"freeze, ms", "freeze_ms", 2}, {"longest part of 512 KiB, ms", "part_max_ms", 2}, {"all parts, s", "snapshot_s", 2}, {"size, MB", "snapshot_mb", 1},
		{"loaded in, s", "load_s", 2},
	}},
	"restore": {figure: "restore", first: "broker", columns: []column{
		{"events/s until the crash", "events_per_s", 0}, {"of those without, %", "without_percent", 0}, {"andon CPU, us", "andon_cpu_us", 2},
		{"snapshots", "snapshots", 0}, {"written, MB", "snapshot_mb", 0}, {"entities", "entities", 0}, {"first live beat after, s", "first_beat_s", 1}, {"all lanes held after, s", "restore_s", 1},
		{"events redone", "redone", 0}, {"most memory, MB", "restore_peak_mb", 0},
	}},
	"load": {figure: "load", first: "table", columns: []column{
		{"rows/s", "rows_per_s", 0}, {"rows", "rows", 0}, {"andon CPU, us a row", "andon_cpu_us", 2}, {"ClickHouse CPU, us a row", "clickhouse_cpu_us", 2},
		{"broker CPU, us a row", "broker_cpu_us", 2}, {"bytes a row on disk", "row_disk_bytes", 0},
	}},
	"latency": {figure: "latency", first: "broker, what runs", columns: []column{
		{"events/s", "events_per_s", 0}, {"exception p50, ms", "exception_p50_ms", 0}, {"p99, ms", "exception_p99_ms", 0}, {"max, ms", "exception_max_ms", 0},
		{"row p50, ms", "row_p50_ms", 0}, {"p99, ms", "row_p99_ms", 0}, {"max, ms", "row_max_ms", 0}, {"event row p99, ms", "event_row_p99_ms", 0},
		{"probes", "probes", 0}, {"cores busy", "busy_cores", 2},
	}},
	"model": {figure: "model", first: "who decides", columns: []column{
		{"carrier events/s", "events_per_s", 0}, {"of the rules alone, %", "of_rules_alone_percent", 0}, {"core, us an event", "core_us", 2}, {"questions", "asked", 0},
	}},
	"tree": {figure: "tree", first: "200 trees of 31 leaves, 24 features", columns: []column{
		{"a row at a time, us", "rows_1_us", 2}, {"best", "rows_1_best_us", 2}, {"64 rows, us a row", "rows_64_us", 2}, {"best", "rows_64_best_us", 2},
		{"1,024 rows, us a row", "rows_1024_us", 2}, {"best", "rows_1024_best_us", 2},
	}},
	"endurance": {figure: "endurance", first: "", down: true},
}

// Table is the Markdown of a table as the figures in dir give it, with how they were measured beneath it.
func Table(dir, name string) (string, error) {
	if name == "steps" {
		return steps(dir)
	}
	if strings.HasPrefix(name, Chaos) {
		return chaosTable(dir, name)
	}
	t, known := tables[name]
	if !known {
		return "", fmt.Errorf("there is no table %q", name)
	}
	rows, err := Latest(dir, t.figure)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "Not measured yet.\n", nil
	}
	if t.down {
		return Down(rows[len(rows)-1]) + origin(rows), nil
	}
	head := []string{t.first}
	for _, c := range t.columns {
		head = append(head, c.head)
	}
	lines := [][]string{head}
	for _, r := range rows {
		line := []string{r.Case}
		for _, c := range t.columns {
			line = append(line, cell(r.Values, c))
		}
		lines = append(lines, line)
	}
	return markdown(lines) + origin(rows), nil
}

// Down is the Markdown of one row: a line for each of its values.
func Down(r Row) string {
	lines := [][]string{{"value", r.Case}}
	for _, name := range slices.Sorted(maps.Keys(r.Values)) {
		digits, v := 0, r.Values[name]
		if v != float64(int64(v)) {
			digits = 2
		}
		lines = append(lines, []string{strings.ReplaceAll(name, "_", " "), Number(v, digits)})
	}
	return markdown(lines)
}

// steps shows how the line got faster: a line for each run that measured it whole.
func steps(dir string) (string, error) {
	rows, err := Read(dir, "line")
	if err != nil {
		return "", err
	}
	lines := [][]string{{"commit", "step", "broker", "ceiling, events/s", "detect, events/s", "ratio, %", "andon CPU, us", "broker CPU, us"}}
	var seen []time.Time
	for _, r := range rows {
		if slices.Contains(seen, r.Run) {
			continue
		}
		seen = append(seen, r.Run)
		byCase := map[string]Row{}
		for _, x := range ofRun(rows, r.Run) {
			byCase[x.Case] = x
		}
		for _, broker := range []string{"kfake", "Kafka"} {
			ceiling, detect := byCase[broker+Ceiling], byCase[broker+Detect]
			if detect.Values == nil {
				continue
			}
			commit := r.Commit
			if r.Dirty {
				commit += " and changes"
			}
			lines = append(lines, []string{commit, r.Step, broker, cell(ceiling.Values, column{value: "events_per_s"}), cell(detect.Values, column{value: "events_per_s"}),
				cell(detect.Values, column{value: "ceiling_percent"}), cell(detect.Values, column{value: "andon_cpu_us", digits: 2}), cell(detect.Values, column{value: "broker_cpu_us", digits: 2})})
		}
	}
	if len(lines) == 1 {
		return "Not measured yet.\n", nil
	}
	return markdown(lines), nil
}

// The cases of the measurement line, after the broker's name.
const (
	Ceiling = ", consume, decode, commit"
	Detect  = ", detect with all rules"
	Whole   = ", detect and load"
)

// origin says how the rows were measured.
func origin(rows []Row) string {
	var b strings.Builder
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].Run.Equal(rows[from].Run) {
			to++
		}
		r, commit := rows[from], "commit "+rows[from].Commit
		if r.Dirty {
			commit += " and changes"
		}
		fmt.Fprintf(&b, "\n`%s`, %s, seed %d, %s; %s to %s UTC.\n", r.Command, commit, r.Seed, r.Machine,
			r.Start.Format("2006-01-02 15:04:05"), rows[to-1].End.Format("15:04:05"))
		from = to
	}
	return b.String()
}

func cell(values map[string]float64, c column) string {
	v, there := values[c.value]
	if !there {
		return ""
	}
	return Number(v, c.digits)
}

// Number writes v with so many digits after the point and commas before it.
func Number(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	whole, rest, _ := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		rest = "." + rest
	}
	return sign + whole + rest
}

func markdown(lines [][]string) string {
	var b strings.Builder
	for i, line := range lines {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(line)) + "|\n")
		}
	}
	return b.String()
}
