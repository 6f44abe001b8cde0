package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"andon/cmd/andon/config"
	"andon/detectors/setting"
	"andon/replay/history"
	"andon/replay/simulate"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kgo"
)

// said runs andon with arguments and returns what it wrote to either output, and its exit code.
func said(t *testing.T, args ...string) (string, int) {
	t.Helper()
	c := command(t, args...)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

// onFake is a configuration for input topics on a broker inside the test, and the broker's address.
func onFake(t *testing.T) (cfg config.Config, client *kgo.Client) {
	t.Helper()
	client = fakeKafka(t, "in.", 4)
	cfg = config.Default()
	cfg.Kafka.Brokers, _ = client.OptValue(kgo.SeedBrokers).([]string)
	cfg.Kafka.InputPrefix, cfg.Settings = "in.", setting.Settings{Clock: setting.Log}
	return cfg, client
}

func eventsFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lanes reads n records of the input topics, by topic and partition, each as a line.
func lanes(t *testing.T, client *kgo.Client, n int) map[string][]string {
	t.Helper()
	in := inputs{prefix: "in."}
	client.AddConsumeTopics(in.topic(event.ASN), in.topic(event.Carrier), in.topic(event.PickPack))
	got := map[string][]string{}
	for n > 0 {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			n--
			lane := r.Topic + string('0'+rune(r.Partition))
			got[lane] = append(got[lane], string(r.Key)+"|"+string(r.Value)+"|"+event.At(r.Timestamp).String())
		})
	}
	return got
}

// What simulate writes to a file, import brings to the topics: the same records with the ticks of an import between them.
func TestImportOfASimulatedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "day.ndjson")
	output(t, "simulate", "--orders", "100", "--seed", "3", "--out", path)
	cfg, client := onFake(t)
	if out, code := said(t, "import", "ndjson="+path, "--config", writeConfig(t, cfg)); code != exitOK || !strings.Contains(out, "100 %") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	records, _ := simulate.Day(simulate.Config{Seed: 3, Orders: 100, Start: demoStart})
	want, n := map[string][]string{}, 0
	for r := range history.Ticked(records, 4, history.ImportStep, history.ImportLateness) {
		lane := "in." + r.Family.String() + string('0'+rune(r.On(4)))
		at := r.At - r.At%1000 // a broker keeps milliseconds
		want[lane] = append(want[lane], r.Key+"|"+string(r.Value)+"|"+at.String())
		n++
	}
	got := lanes(t, client, n)
	for lane := range want {
		if !slices.Equal(got[lane], want[lane]) {
			t.Errorf("%s holds %d records that are not the %d of the day", lane, len(got[lane]), len(want[lane]))
		}
	}
	if out, code := said(t, "import", "ndjson="+path, "--config", writeConfig(t, cfg)); code != exitFailure || !strings.Contains(out, "is not empty") {
		t.Errorf("imported again: exit code %d: %s", code, out)
	}
}

const goodLine = `{"event_id":"1","type":"pick.started","event_time":"2026-03-02T06:30:00Z","fulfilment_id":"F-1"}`

func TestImportWritesNothingOfAFileWithErrors(t *testing.T) {
	cfg, client := onFake(t)
	file := writeConfig(t, cfg)
	path := eventsFile(t, goodLine, `{"event_id":"2"}`, strings.Replace(goodLine, `"1"`, `"3"`, 1))
	out, code := said(t, "import", "ndjson="+path, "--config", file)
	if code != exitFailure || !strings.Contains(out, path+":2: error: type is missing") || !strings.Contains(out, "1 of 3 lines cannot be taken, so nothing was written") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if _, err := emptyInputs(t.Context(), client, "in."); err != nil {
		t.Errorf("after a refused import: %v", err)
	}
	if out, code := said(t, "import", "ndjson="+path, "--config", file, "--skip-errors"); code != exitOK || !strings.Contains(out, "2 of 2") {
		t.Errorf("exit code %d: %s", code, out)
	}
	events := 0
	for _, records := range lanes(t, client, 2+3*4) { // the events and the last tick
		events += strings.Count(strings.Join(records, " "), "pick.started")
	}
	if events != 2 {
		t.Errorf("%d events are in the topics, want 2", events)
	}
}

func TestImportRefuses(t *testing.T) {
	cfg, _ := onFake(t)
	wall := cfg
	wall.Settings.Clock = setting.Wall
	for _, c := range []struct {
		cfg   config.Config
		file  string
		words string
		code  int
	}{
		{wall, eventsFile(t, goodLine), "set settings.clock: log", exitUsage},
		{cfg, eventsFile(t, "", "  "), "holds no event that can be taken", exitFailure},
		{cfg, filepath.Join(t.TempDir(), "none.ndjson"), "none.ndjson: no such file", exitFailure},
	} {
		if out, code := said(t, "import", "ndjson="+c.file, "--config", writeConfig(t, c.cfg)); code != c.code || !strings.Contains(out, c.words) || strings.Count(out, "andon: ") != 1 {
			t.Errorf("exit code %d: %s\nwant %d and %q", code, out, c.code, c.words)
		}
	}
}

func TestImportSaysWhatItCanTake(t *testing.T) {
	for _, wrong := range []string{"ndjson", "ndjson=", "olits=dir", "=dir"} {
		if out, code := said(t, "import", wrong, "--config", "any.yaml"); code != exitUsage || !strings.Contains(out, "ndjson=FILE, or one of adventureworks, ") {
			t.Errorf("import %s: exit code %d: %s", wrong, code, out)
		}
	}
}

// A file that changes between the two readings ends the import without the last tick.
func TestImportOfAFileThatIsCutMeanwhile(t *testing.T) {
	cfg, client := onFake(t)
	path := filepath.Join(t.TempDir(), "events.ndjson.gz")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	p := past{events: events(path, stop), total: 1, step: history.ImportStep, lateness: history.ImportLateness}
	if err := p.write(ctx, cfg.Kafka, func(int) {}); err == nil || !strings.Contains(err.Error(), "import it again under another") {
		t.Errorf("error %v", err)
	}
	if _, err := emptyInputs(t.Context(), client, "in."); err != nil {
		t.Errorf("a tick was written: %v", err)
	}
}
