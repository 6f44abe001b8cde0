package main

import (
	"strings"
	"testing"
)

const run = `{"Action":"run","Package":"a","Test":"TestDataSets"}
{"Action":"run","Package":"a","Test":"TestDataSets/olist"}
{"Action":"pass","Package":"a","Test":"TestDataSets/olist"}
{"Action":"run","Package":"a","Test":"TestDataSets/wwi"}
{"Action":"output","Package":"a","Test":"TestDataSets/wwi","Output":"=== RUN   TestDataSets/wwi\n"}
{"Action":"output","Package":"a","Test":"TestDataSets/wwi","Output":"    a_test.go:7: no wwi\n"}
{"Action":"skip","Package":"a","Test":"TestDataSets/wwi"}
{"Action":"pass","Package":"a","Test":"TestDataSets"}
{"Action":"output","Package":"a","Output":"PASS\n"}
{"Action":"output","Package":"a","Output":"ok  \ta\t0.1s\n"}
{"Action":"pass","Package":"a"}
`

const failure = `{"Action":"output","Package":"b","Test":"TestB","Output":"    b_test.go:9: wrong\n"}
{"Action":"fail","Package":"b","Test":"TestB"}
{"Action":"output","Package":"b","Output":"FAIL\tb\t0.1s\n"}
{"Action":"fail","Package":"b"}
`

func report(t *testing.T, in string) (string, bool) {
	t.Helper()
	var out strings.Builder
	s := summary{out: &out, output: map[name][]string{}, parents: map[name]bool{}, open: map[string]bool{}}
	if err := s.read(strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	well := s.finish()
	return out.String(), well
}

func TestReport(t *testing.T) {
	got, well := report(t, run)
	want := "ok  \ta\t0.1s\nskipped: a TestDataSets/wwi: a_test.go:7: no wwi\ntests: 1 passed, 0 failed, 1 skipped\ndata tests: 1 ran, 1 skipped\n"
	if got != want || !well {
		t.Errorf("well %v, got\n%s\nwant\n%s", well, got, want)
	}
}

func TestReportOfAFailure(t *testing.T) {
	got, well := report(t, run+failure)
	if well || !strings.Contains(got, "b_test.go:9: wrong\nFAIL\tb\t0.1s\n") || !strings.Contains(got, "1 failed") {
		t.Errorf("well %v, got\n%s", well, got)
	}
}

func TestARunCutShortIsAFailure(t *testing.T) {
	got, well := report(t, run+`{"Action":"start","Package":"c"}`+"\n"+`{"Action":"run","Package":"c","Test":"TestC"}`+"\n")
	if well || !strings.Contains(got, "cut short: c\n") {
		t.Errorf("well %v, got\n%s", well, got)
	}
}

func TestNothingRanIsAFailure(t *testing.T) {
	if got, well := report(t, "go: no such package\n"); well || !strings.HasPrefix(got, "go: no such package\n") {
		t.Errorf("well %v, got\n%s", well, got)
	}
}
