package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgressOffATerminalTellsTenths(t *testing.T) {
	var out bytes.Buffer
	p := progress{out: &out, what: "import", total: 2500, begin: time.Now()}
	for n := range 2501 {
		p.at(n)
	}
	p.done()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 10 || lines[0] != "import  ###...........................  10 %  250 of 2,500" || !strings.Contains(lines[9], "100 %  2,500 of 2,500") {
		t.Errorf("%d lines:\n%s", len(lines), out.String())
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
