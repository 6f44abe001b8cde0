package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"andon/replay/history"
	"andon/replay/ndjson"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
)

// pythonClient is where make engines puts the Python client of Kafka, and ANDON_ENGINES another.
func pythonClient() string {
	if dir := os.Getenv("ANDON_ENGINES"); dir != "" {
		return filepath.Join(dir, "python")
	}
	return "../../.cache/engines/python"
}

var fenced = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// block is the only block of a language in docs/guides/send-events.md.
func block(t *testing.T, language string) string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/guides/send-events.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range fenced.FindAllStringSubmatch(string(guide), -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	if len(found) != 1 {
		t.Fatalf("the guide has %d blocks in %s, want 1", len(found), language)
	}
	return found[0]
}

func blockFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// works runs a command to its good end.
func works(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", c, err, out)
	}
}

// arrive waits for the events a producer of the guide has sent: each must decode on its topic and lie where murmur2 puts its key.
func arrive(t *testing.T, client *kgo.Client, types ...event.Type) {
	t.Helper()
	for _, family := range event.Families {
		client.AddConsumeTopics("fulfillment." + family.String())
	}
	for len(types) > 0 {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			family, _ := event.ParseFamily(strings.TrimPrefix(r.Topic, "fulfillment."))
			var e event.Event
			if err := event.Decode(family, r.Key, r.Value, &e); err != nil {
				t.Errorf("%s: %v", r.Value, err)
			}
			if r.Partition != history.Partition(string(r.Key), 4) {
				t.Errorf("%s lies on partition %d", r.Key, r.Partition)
			}
			if len(types) == 0 || e.Type != types[0] {
				t.Fatalf("got %s, want %v next", e.Type, types)
			}
			types = types[1:]
		})
	}
}

func guideKafka(t *testing.T) (*kgo.Client, string) {
	t.Helper()
	client := fakeKafka(t, "fulfillment.", 4)
	brokers, _ := client.OptValue(kgo.SeedBrokers).([]string)
	return client, brokers[0]
}

func TestGuideSendsInGo(t *testing.T) {
	client, addr := guideKafka(t)
	program := filepath.Join(t.TempDir(), "send")
	works(t, exec.CommandContext(t.Context(), "go", "build", "-o", program, blockFile(t, "send.go", block(t, "go"))))
	works(t, exec.CommandContext(t.Context(), program, addr))
	arrive(t, client, event.OrderReleased)
}

func TestGuideSendsInPython(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("the Python example was not looked at: there is no python3")
	}
	file := blockFile(t, "send.py", block(t, "python"))
	works(t, exec.CommandContext(t.Context(), "python3", "-m", "py_compile", file))
	python := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), "python3", args...)
		c.Env = append(os.Environ(), "PYTHONPATH="+pythonClient())
		return c
	}
	if err := python("-c", "import confluent_kafka").Run(); err != nil {
		t.Skip("the Python example was compiled and not run: there is no confluent-kafka, make engines fetches it")
	}
	client, addr := guideKafka(t)
	works(t, python(file, addr))
	arrive(t, client, event.ReceiptLine)
}

func TestGuideSendsWithKcat(t *testing.T) {
	script := block(t, "sh")
	works(t, exec.CommandContext(t.Context(), "sh", "-n", blockFile(t, "send.sh", script)))
	sent := 0
	for line := range strings.Lines(script) {
		if key, value, keyed := strings.Cut(strings.TrimSpace(line), "|{"); keyed {
			var e event.Event
			if err := event.Decode(event.Carrier, []byte(key), []byte("{"+value), &e); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			sent++
		}
	}
	if sent != 2 {
		t.Errorf("the example sends %d events, want 2", sent)
	}
	if _, err := exec.LookPath("kcat"); err != nil {
		t.Skip("the kcat example was parsed and not run: there is no kcat, make engines fetches it")
	}
	client, addr := guideKafka(t)
	works(t, exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(script, "localhost:9092", addr, 1)))
	arrive(t, client, event.ShipmentManifested, event.CarrierScan)
}

// The events the guide shows are taken without a word, and what it shows of andon check is what andon check says.
func TestGuideShowsWhatHappens(t *testing.T) {
	review := ndjson.NewReview()
	for l, err := range ndjson.Read(blockFile(t, "events.ndjson", block(t, "json"))) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range review.Line(l) {
			t.Errorf("line %d: %s", p.Line, p.Text)
		}
	}
	path := eventsFile(t, goodLine,
		`{"event_id":"2","type":"receipt.line","despatch_id":"D-1","line":"1","sku":"A","qty_milli":2000,"event_time":"2026-03-02 10:00:00"}`,
		`{"event_id":"3","type":"receipt.line","despatch_id":"D-1","line":"1","sku":"A","quantity":2,"event_time":"2026-03-02T10:00:00Z"}`)
	out, _ := said(t, "check", path)
	shown, _, _ := strings.Cut(strings.ReplaceAll(out, path, "events.ndjson"), "\n\nevents by type")
	guide, err := os.ReadFile("../../docs/guides/send-events.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), "$ andon check events.ndjson\n"+shown+"\n```") {
		t.Errorf("the guide does not show\n%s", shown)
	}
}
