package main

import (
	"strings"
	"testing"

	"andon/schemas/deadletter"
	"andon/schemas/event"
)

// sendable are letters of which some can be sent again.
func sendable() []deadletter.Letter {
	list := someLetters()
	batch := deadletter.Letter{Topic: "in.pickpack", Partition: 2, Offset: 40, Reason: event.Unreadable, Detail: "the batch of offsets 40 to 90"}
	foreign := deadletter.Letter{Topic: "old.asn", Partition: 2, Offset: 3, Reason: event.RulePanic}
	foreign.Keep([]byte("D-2"), []byte("{}"))
	sent, back := list[1], list[1] // in.asn/0/1 was sent once and came back, in.carrier/3/7 was sent and did not
	sent, back.Redrives = sent.Marker(1), 1
	return append(list, batch, foreign, sent, back, list[0].Marker(1))
}

func TestRedrivePlan(t *testing.T) {
	file := letters(t, sendable()...)
	cannot := map[string]string{
		"andon.side.asn/0/2":                    "only the first 65,536 of its 262,145 bytes are kept: its sender must send the event again, in at most 256 KiB",
		"in.carrier/1/C/T 2026-03-02T09:00:00Z": "a timer is no record",
		"in.pickpack/2/40":                      "its sender must send the events again, in batches under 16 MiB",
		"old.asn/2/3":                           "old.asn is no topic of this configuration (kafka.input_prefix, kafka.own_prefix)",
	}
	for _, c := range []struct {
		args string
		code int
		says []string
		not  []string
	}{
		{"", exitOK, []string{
			"would send 2 again\n2 of them (invalid_utf8, malformed) this build cannot read either", "left alone: 1 sent before", "cannot be sent: 4\n",
			"in.asn/0/1      2026-03-02 08:08:00  malformed     once, came back",
		}, nil},
		{"--again --family carrier --limit-free", exitUsage, []string{"unknown flag --limit-free"}, nil},
		{"--again --family carrier", exitOK, []string{"would send 2 again", "in.carrier/3/7  2026-03-02 08:00:00  wrong_key     once "}, []string{"left alone", "in.asn"}},
		{"--reason malformed", exitOK, []string{"would send 1 again"}, []string{"cannot be sent", "left alone"}},
		{"--event-id late", exitOK, []string{"would send 0 again", "left alone: 1"}, nil},
		{"--since 2026-03-02T08:03:00Z --until 2026-03-02T08:04:00Z", exitOK, []string{"would send 1 again", "in.carrier/1/9"}, []string{"cannot be sent"}},
		{"in.asn/0/0-1 in.carrier/1/9", exitOK, []string{"would send 2 again"}, []string{"cannot be sent"}},
		{"in.asn/0/2", exitFailure, []string{"no dead letter in.asn/0/2 that the filters let through"}, []string{"would send"}},
		{"in.asn/0/1 --reason wrong_key", exitFailure, []string{"no dead letter in.asn/0/1 that the filters let through"}, []string{"would send"}},
		{"in.asn", exitUsage, []string{"TOPIC/PARTITION/FIRST-LAST"}, nil},
		{"in.asn/0/9-1", exitUsage, []string{"FIRST-LAST, the smaller first"}, nil},
		{"--family parcel", exitUsage, []string{"asn, carrier or pickpack"}, nil},
	} {
		out, code := said(t, append([]string{"deadletter", "redrive", "--dry-run", "--config", file}, strings.Fields(c.args)...)...)
		for _, words := range c.says {
			if code != c.code || !strings.Contains(out, words) {
				t.Errorf("%s: exit code %d, no %q in\n%s", c.args, code, words, out)
			}
		}
		for _, words := range c.not {
			if strings.Contains(out, words) {
				t.Errorf("%s: %q in\n%s", c.args, words, out)
			}
		}
	}
	for name, why := range cannot {
		out, code := said(t, "deadletter", "redrive", "--config", file, name)
		if code != exitFailure || !strings.Contains(out, "cannot be sent: 1\n  "+name+": ") || !strings.Contains(out, why) || !strings.Contains(out, "nothing was sent") {
			t.Errorf("%s: exit code %d\n%s", name, code, out)
		}
	}
}

// What was sent is marked, whether or not anything judges it.
func TestRedriveWithoutADetector(t *testing.T) {
	file := letters(t, sendable()...)
	redrive := func(want ...string) {
		t.Helper()
		out, code := said(t, "deadletter", "redrive", "--config", file, "--family", "carrier", "--wait", "0s")
		for _, words := range want {
			if code != exitOK || !strings.Contains(out, words) {
				t.Errorf("exit code %d, no %q in\n%s", code, words, out)
			}
		}
	}
	redrive("1 of 1", "not judged yet: does andon run run?")
	redrive("nothing was sent", "left alone: 2")
	for from, words := range map[string]string{
		"in.carrier/1/9": "sent again  once, the last ",
		"in.asn/0/1":     "sent again  once, the last 2026-03-02T08:07:00Z; came back",
		"old.asn/2/3":    "sent again  never",
	} {
		if out := output(t, "deadletter", "show", from, "--config", file); !strings.Contains(out, words) {
			t.Errorf("%s: no %q in\n%s", from, words, out)
		}
	}
	out := output(t, "deadletter", "list", "--config", file)
	if want := "7 in all, the newest 7 shown"; !strings.Contains(out, want) || !strings.Contains(out, "2 of them were sent again and have not come back; --waiting") {
		t.Errorf("not %s:\n%s", want, out)
	}
	if out := output(t, "deadletter", "list", "--waiting", "--config", file); !strings.Contains(out, "5 in all") || strings.Contains(out, "in.carrier/1/9 ") {
		t.Errorf("waiting are\n%s", out)
	}
}
