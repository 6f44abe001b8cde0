package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"andon/schemas/deadletter"
	"andon/schemas/event"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// letters are dead letters on a broker inside the test, each put aside a minute after the one before, and a configuration that names them.
func letters(t *testing.T, list ...deadletter.Letter) (file string) {
	t.Helper()
	cfg, client := onFake(t)
	for _, topic := range []string{"andon.deadletter", "andon.side.asn", "andon.side.carrier", "andon.side.pickpack"} {
		if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 4, 1, nil, topic); err != nil {
			t.Fatal(err)
		}
	}
	var records []*kgo.Record
	for i := range list {
		l := &list[i]
		name := fmt.Sprintf("%s/%d/%d", l.Topic, l.Partition, l.Offset)
		if l.Timer != "" {
			name = fmt.Sprintf("%s/%d/%s", l.Topic, l.Partition, l.Timer)
		}
		records = append(records, &kgo.Record{Topic: "andon.deadletter", Partition: l.Partition, Key: []byte(name), Value: deadletter.Append(nil, l),
			Timestamp: letterStart.Add(time.Duration(i) * time.Minute)})
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return writeConfig(t, cfg)
}

var letterStart = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// someLetters are five: of two input topics and a side topic, one with bytes that are no text, one a timer's.
func someLetters() []deadletter.Letter {
	at := event.At(letterStart) - event.Hour
	list := []deadletter.Letter{
		{Topic: "in.carrier", Partition: 3, Offset: 7, At: at, Reason: event.WrongKey},
		{Topic: "in.asn", Partition: 0, Offset: 1, At: at, Reason: event.Malformed, Detail: `not a JSON object`},
		{Topic: "andon.side.asn", Partition: 0, Offset: 2, At: at, Reason: event.WrongKey},
		{Topic: "in.carrier", Partition: 1, Offset: 9, At: at, Reason: event.InvalidUTF8},
		{Topic: "in.carrier", Partition: 1, Offset: 12, Reason: event.TimerPanic, Timer: "C/T 2026-03-02T09:00:00Z", Detail: "index out of range\ngoroutine 7 [running]:\n\tjudge.go:3"},
	}
	list[0].Keep([]byte("C/T"), []byte(`{"event_id":"late"}`))
	list[1].Keep(nil, []byte("hello"))
	list[2].Keep([]byte("D-1"), []byte(strings.Repeat("x", deadletter.MaxRawBytes+1)))
	list[3].Keep([]byte{0xff, '\n'}, []byte("\x1b[2J\xff"))
	return list
}

func TestDeadletterList(t *testing.T) {
	file := letters(t, someLetters()...)
	rows := []string{
		"in.carrier/3/7 2026-03-02 08:00:00 wrong_key C/T",
		"in.asn/0/1 2026-03-02 08:01:00 malformed not a JSON object",
		"andon.side.asn/0/2 2026-03-02 08:02:00 wrong_key D-1",
		`in.carrier/1/9 2026-03-02 08:03:00 invalid_utf8 "\xff\n"`,
		"in.carrier/1/C/T 2026-03-02T09:00:00Z 2026-03-02 08:04:00 timer_panic index out of range",
	}
	for _, c := range []struct {
		flags   string
		rows    []string
		summary string
	}{
		{"", rows, "5 in all, the newest 5 shown; by reason:\n  wrong_key                    2\n  invalid_utf8                 1\n  malformed                    1\n  timer_panic                  1\n"},
		{"--limit 2", rows[3:], "5 in all, the newest 2 shown"},
		{"--limit 0 --family asn", rows[1:3], "2 in all, the newest 2 shown"},
		{"--topic in.asn", rows[1:2], "1 in all"},
		{"--reason wrong_key --limit 1", rows[2:3], "2 in all, the newest 1 shown"},
		{"--since 2026-03-02T08:01:00Z --until 2026-03-02T08:03:00Z", rows[1:3], "2 in all"},
		{"in.carrier/1/9 in.asn/0/0-5", []string{rows[1], rows[3]}, "2 in all"},
		{"in.carrier/1/C/T", nil, "no dead letters\n"},
		{"--event-id late", rows[:1], "1 in all"},
		{"--waiting --family carrier --limit 1", rows[4:], "3 in all"},
		{"--since 1h", nil, "no dead letters\n"},
		{"--reason too_deep", nil, "no dead letters\n"},
	} {
		out, code := said(t, append([]string{"deadletter", "list", "--config", file}, strings.Fields(c.flags)...)...)
		var got []string
		table, rest, _ := strings.Cut(out, "\n\n")
		for line := range strings.Lines(table) {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
		if c.rows != nil {
			got = got[1:]
		} else {
			rest, got = out, nil
		}
		if code != exitOK || strings.Join(got, "\n") != strings.Join(c.rows, "\n") || !strings.HasPrefix(rest, c.summary) {
			t.Errorf("%s: exit code %d\n%s", c.flags, code, out)
		}
	}
}

func TestDeadletterShow(t *testing.T) {
	file := letters(t, someLetters()...)
	for from, words := range map[string][]string{
		"in.carrier/3/7":                        {"topic in.carrier, partition 3, offset 7", "2026-03-02T07:00:00Z", "2026-03-02T08:00:00Z", "wrong_key", "C/T", "\n\n{\"event_id\":\"late\"}\n"},
		"in.asn/0/1":                            {"not a JSON object", "expected one JSON object a line, found hello\n", "\n\nhello\n", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
		"andon.side.asn/0/2":                    {"the first 65536 of 262145 bytes:\nxxx"},
		"in.carrier/1/9":                        {`"\xff\n"`, "00000000  1b 5b 32 4a ff"},
		"in.carrier/1/C/T 2026-03-02T09:00:00Z": {"timer_panic", "  index out of range\n", "\n\n  goroutine 7 [running]:\n    judge.go:3\n", "C/T 2026-03-02T09:00:00Z"},
	} {
		out, code := said(t, "deadletter", "show", from, "--config", file)
		for _, word := range words {
			if code != exitOK || !strings.Contains(out, word) {
				t.Errorf("%s: exit code %d, no %q in\n%.2000s", from, code, word, out)
			}
		}
	}
	for from, want := range map[string]struct {
		code  int
		words string
	}{
		"in.asn/0/2": {exitFailure, "no dead letter in.asn/0/2: andon deadletter list prints those there are"},
		"in.asn/9/1": {exitFailure, "no dead letter in.asn/9/1"},
		"in.asn":     {exitUsage, "TOPIC/PARTITION/OFFSET"},
	} {
		if out, code := said(t, "deadletter", "show", from, "--config", file); code != want.code || !strings.Contains(out, want.words) {
			t.Errorf("%s: exit code %d: %s", from, code, out)
		}
	}
}

func TestDeadletterWithoutTopics(t *testing.T) {
	cfg, _ := onFake(t)
	out, code := said(t, "deadletter", "list", "--config", writeConfig(t, cfg))
	if want := "andon: read the dead letters: the topics are not laid out: there is no topic andon.deadletter (setting kafka.own_prefix): run andon topics apply\n"; code != exitFailure || out != want {
		t.Errorf("exit code %d: %s\nwant %s", code, out, want)
	}
}
