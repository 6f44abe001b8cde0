package ndjson

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"andon/schemas/event"
)

var rewrite = flag.Bool("rewrite", false, "write what is said about testdata/lines.txt into it; read the difference before you keep it")

// write makes a file of the text in a folder of the test's own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// reviewed reads a file and returns what is said of it, and the lines, whose events are copies.
func reviewed(t *testing.T, path string) (*Review, []Problem, []Line) {
	t.Helper()
	review := NewReview()
	var problems []Problem
	var lines []Line
	for l, err := range Read(path) {
		if err != nil {
			t.Fatal(err)
		}
		problems = append(problems, review.Line(l)...)
		e := *l.Event
		l.Event = &e
		lines = append(lines, l)
	}
	return review, problems, lines
}

// testdata/lines.txt holds lines of a file, each followed by what is said of it.
func TestWhatIsSaid(t *testing.T) {
	const golden = "testdata/lines.txt"
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "\t") {
			lines = append(lines, line)
		}
	}
	_, problems, _ := reviewed(t, write(t, "events.ndjson", strings.Join(lines, "")))
	var got strings.Builder
	for i, line := range lines {
		got.WriteString(line)
		for _, p := range problems {
			if p.Line == i+1 {
				severity := "warning"
				if p.Refused {
					severity = "error"
				}
				fmt.Fprintf(&got, "\t%s %s %s: %s\n", severity, p.Reason, p.Member, p.Text)
			}
		}
	}
	if *rewrite {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got.String() != string(text) {
		t.Errorf("what is said differs from %s; look at it with go test ./replay/ndjson -rewrite and git diff\n%s", golden, got.String())
	}
}

// examples are well-formed events of every type.
func examples(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../schemas/event/testdata/events.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func TestExamplesAreTaken(t *testing.T) {
	list := examples(t)
	review, problems, lines := reviewed(t, write(t, "events.ndjson", strings.Join(list, "\r\n\r\n")))
	if review.Refused > 0 || review.Lines != len(list) {
		t.Errorf("%d of %d lines refused: %+v", review.Refused, review.Lines, problems)
	}
	for i, l := range lines {
		var e event.Event
		if err := event.Decode(l.Record.Family, []byte(l.Record.Key), []byte(list[i]), &e); err != nil || string(l.Record.Value) != list[i] {
			t.Errorf("line %d as %s under %q: %v", l.No, l.Record.Family, l.Record.Key, err)
		}
		if l.No != 2*i+1 {
			t.Errorf("line %d is counted as %d", 2*i+1, l.No)
		}
	}
}

// Whatever one member of an event is changed to, a refusal names a member and says what was expected; it never falls back on the decoder's words.
func TestEveryRefusalIsExplained(t *testing.T) {
	values := []string{"", "null", `""`, `"x"`, `"7"`, "-1", "1.5", "1e30", "7", "true", "[]", "{}", "[{}]", `[{"line":"1"}]`, `"2026-02-30T00:00:00Z"`, `"a/b"`,
		`"` + strings.Repeat("x", event.MaxStringBytes+1) + `"`, `[{"line":1,"sku":"A"}]`, `[{"line":"1","sku":"A","qty_milli":"5"}]`, `[{"line":"1","sku":"A","unit_cost_minor":5}]`}
	refused := 0
	for _, example := range examples(t) {
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(example), &members); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, name := range eventNames {
			for _, value := range values {
				changed := maps.Clone(members)
				if changed[name] = json.RawMessage(value); value == "" {
					delete(changed, name)
				}
				text, err := json.Marshal(changed)
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, string(text))
			}
		}
		_, problems, read := reviewed(t, write(t, "events.ndjson", strings.Join(lines, "\n")))
		for _, p := range problems {
			if !p.Refused {
				continue
			}
			refused++
			if fallback := read[p.Line-1].Reject.Error(); p.Text == fallback || p.Member == "" || !strings.Contains(p.Text, "expected") && !strings.Contains(p.Text, "need") && !strings.Contains(p.Text, "mean") && p.Member != "topic" && p.Member != "type" {
				t.Errorf("%.200s\nis refused as %q and told as %s: %s", lines[p.Line-1], fallback, p.Member, p.Text)
			}
		}
	}
	if refused < 1000 {
		t.Errorf("only %d refusals were looked at", refused)
	}
}

func TestLinesThatAreNoText(t *testing.T) {
	long := `{"event_id":"` + strings.Repeat("x", lineMax) + `"}`
	text := "\xef\xbb\xbf" + examples(t)[0] + "\n" + long + "\n{\"event_id\":\"\xff\"}\n" + strings.Repeat("[", 100) + "\n" + examples(t)[1]
	_, problems, lines := reviewed(t, write(t, "events.ndjson", text))
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d %s %s", p.Line, p.Reason, p.Text))
	}
	want := []string{
		"2 too_large longer than the 262144 bytes an event may have",
		`3 invalid_utf8 holds bytes that are not UTF-8, near "vent_id\":\"\xff\"}": write the file as UTF-8`,
		"4 too_deep objects and lists are nested deeper than 32",
	}
	if !slices.Equal(got, want) || len(lines) != 5 {
		t.Errorf("%d lines, said\n%s\nwant\n%s", len(lines), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReadInflates(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(strings.Join(examples(t), "\n"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, lines := reviewed(t, write(t, "events.ndjson.gz", packed.String())); len(lines) != len(examples(t)) {
		t.Errorf("%d lines of %d", len(lines), len(examples(t)))
	}
	for name, path := range map[string]string{
		"cut short":    write(t, "cut.gz", packed.String()[:packed.Len()/2]),
		"not inflated": write(t, "plain.gz", examples(t)[0]),
		"missing":      filepath.Join(t.TempDir(), "none.ndjson"),
	} {
		var last error
		for _, err := range Read(path) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), path) {
			t.Errorf("%s: error %v, want one that names the file", name, last)
		}
	}
}

// A record arrived when its line says, else when the latest event so far happened.
func TestArrival(t *testing.T) {
	const scan = `{"event_id":"%d","type":"carrier.scan","event_time":"2026-03-02T%02d:00:00Z","carrier":"C","tracking_no":"T","status":"LOST"}`
	var text strings.Builder
	for i, hour := range []int{10, 12, 11} {
		fmt.Fprintf(&text, scan+"\n", i, hour)
	}
	fmt.Fprintf(&text, `{"topic":"x.y.carrier","key":"C/T","at":"2026-03-02T13:00:00Z","value":`+scan+"}\n", 3, 9)
	_, _, lines := reviewed(t, write(t, "events.ndjson", text.String()))
	for i, want := range []string{"2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z"} {
		if r := lines[i].Record; r.At.String() != want || r.Family != event.Carrier || r.Key != "C/T" || r.EventTime != lines[i].Event.Time {
			t.Errorf("line %d: %s under %q at %s, want %s", i+1, r.Family, r.Key, r.At, want)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"quantity": "qty_milli", "eventTime": "event_time", "EVENT_ID": "event_id", "qty_mili": "qty_milli", "fulfillment_id": "fulfilment_id", "tracking-number": "tracking_no",
		"colour": "", "x": "", "sku": "sku", "custom_field_17": "", "despach_id": "despatch_id",
	} {
		if got := nearest(name, eventNames); got != want {
			t.Errorf("%q is taken for %q, want %q", name, got, want)
		}
	}
	for name, known := range others {
		if fold(name) != name || !slices.Contains(slices.Concat(eventNames, lineNames), known) {
			t.Errorf("%q -> %q: one is not folded or the other no member", name, known)
		}
	}
}
