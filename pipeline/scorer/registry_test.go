package scorer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"andon/pipeline"
	"andon/pipeline/scorer/bundle"
	"andon/pipeline/scorer/bundle/bundletest"
	"andon/schemas/beat"
	"andon/schemas/verdict"
)

var _ pipeline.Scorer = (*Registry)(nil)

var columns = []string{"a", "b", "c"}

// fixture is a registry over a directory of its own, and what it logs.
type fixture struct {
	*Registry
	dir string
	log *locked
}

// locked is a buffer of many writers.
type locked struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

func fresh(t testing.TB, bundles ...*bundle.Bundle) *fixture {
	t.Helper()
	dir, log := t.TempDir(), new(locked)
	for _, b := range bundles {
		bundletest.Pack(t, dir, b)
	}
	r := New(dir, nil, slog.New(slog.NewTextHandler(log, nil)), prometheus.NewPedanticRegistry())
	if err := r.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &fixture{r, dir, log}
}

// question asks a bundle about one of a few rows.
func question(id string, i int) beat.Request {
	return beat.Request{Code: "CA-05", Bundle: id, Subject: fmt.Sprint(i), Features: []float64{float64(i % 7), math.NaN(), float64(i % 5)}}
}

// want is what the models of bundletest say to question i.
func want(t *testing.T, i int) float64 {
	t.Helper()
	p := make([]float64, 1)
	if err := bundletest.Model(columns...).Score(question("", i).Features, 1, p); err != nil {
		t.Fatal(err)
	}
	return math.Round(p[0]*1e6) / 1e6
}

func TestEachQuestionHasItsAnswer(t *testing.T) {
	f := fresh(t, bundletest.New(t, "one", 1, "carrier/1", columns...), bundletest.New(t, "two", 3, "asn/1", columns...))
	var requests []beat.Request
	for i := range 3 * batchRows {
		requests = append(requests, question([]string{"one@1", "two@3", "three@1", "one@1"}[i%4], i))
	}
	requests[1000].Features = []float64{1, 2}
	for range 2 { // the second time with the memory of the first
		replies := f.Score(t.Context(), requests)
		if len(replies) != len(requests) {
			t.Fatalf("%d replies", len(replies))
		}
		for i, r := range replies {
			expected := beat.Reply{Score: want(t, i)}
			if i == 1000 || requests[i].Bundle == "three@1" {
				expected = beat.Reply{Reason: verdict.ModelMissing}
			}
			if r != expected {
				t.Fatalf("question %d to %s: %+v, want %+v", i, requests[i].Bundle, r, expected)
			}
		}
	}
	for outcome, n := range map[[2]string]float64{{"one@1", scored}: 2 * (3*batchRows/2 - 1), {"one@1", verdict.ModelMissing}: 2, {"three@1", verdict.ModelMissing}: 1.5 * batchRows} {
		if got := testutil.ToFloat64(f.metrics.scores.WithLabelValues(outcome[:]...)); got != n {
			t.Errorf("%v counted %v times, want %v", outcome, got, n)
		}
	}
	if said := f.log.String(); strings.Count(said, "another number of features") != 1 {
		t.Errorf("logged\n%s", said)
	}
}

// A file that lies under the name of another that was registered decides nothing.
func TestOnlyTheRegisteredFileAnswers(t *testing.T) {
	b := bundletest.New(t, "one", 1, "carrier/1", columns...)
	f := fresh(t, b)
	q := question("one@1", 0)
	for digits, reason := range map[string]string{"": "", b.Manifest.Model.SHA256[:16]: "", "0123456789abcdef": verdict.ModelMissing} {
		q.Model = digits
		if r := f.Score(t.Context(), []beat.Request{q}); r[0].Reason != reason {
			t.Errorf("registered as %q: %+v", digits, r)
		}
	}
}

// put puts a model of the test's own in force.
func (f *fixture) put(t *testing.T, id string, local bundle.Model, far remote) {
	t.Helper()
	b := bundletest.New(t, "one", 1, "carrier/1", columns...)
	more := maps.Clone(*f.models.Load())
	more[id] = &model{bundle: b, width: len(columns), log: f.Registry.log, local: local, remote: far}
	f.models.Store(&more)
}

type local func(rows []float64, n int, out []float64) error

func (l local) Score(rows []float64, n int, out []float64) error { return l(rows, n, out) }

func TestBadOutputIsAReason(t *testing.T) {
	for what, answer := range map[string]func(out []float64) error{
		"NaN":      func(out []float64) error { out[0], out[1] = math.NaN(), 0.25; return nil },
		"above 1":  func(out []float64) error { out[0], out[1] = 1.0000001, 0.25; return nil },
		"below 0":  func(out []float64) error { out[0], out[1] = -1e-9, 0.25; return nil },
		"an error": func([]float64) error { return errors.New("no") },
		"a panic":  func(out []float64) error { out[2] = out[len(out)]; return nil },
	} {
		f := fresh(t)
		f.put(t, "odd@1", local(func(_ []float64, _ int, out []float64) error { return answer(out) }), nil)
		for range 3 {
			replies := f.Score(t.Context(), []beat.Request{question("odd@1", 0), question("odd@1", 1)})
			if replies[0] != (beat.Reply{Reason: verdict.BadOutput}) {
				t.Errorf("%s: %+v", what, replies[0])
			}
			if whole := what == "an error" || what == "a panic"; whole && replies[1].Reason != verdict.BadOutput || !whole && replies[1] != (beat.Reply{Score: 0.25}) {
				t.Errorf("%s: the row beside it: %+v", what, replies[1])
			}
		}
		if said := f.log.String(); strings.Count(said, "no probabilities") != 1 {
			t.Errorf("%s: logged\n%s", what, said)
		}
	}
}

func TestNoTimeIsAReason(t *testing.T) {
	f := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	f.put(t, "slow@1", nil, far(func(_ context.Context, n int, out []beat.Reply) {
		if batches++; batches == 2 {
			cancel() // while the second is under way
		}
		clear(out[:n])
	}))
	f.put(t, "near@1", local(func(_ []float64, n int, out []float64) error {
		clear(out[:n])
		return nil
	}), nil)
	requests := make([]beat.Request, 4*batchRows)
	for i := range requests {
		requests[i] = question("slow@1", i)
	}
	for i, r := range f.Score(ctx, requests) {
		if late := i >= 2*batchRows; late && r.Reason != verdict.Timeout || !late && r != (beat.Reply{}) {
			t.Fatalf("question %d: %+v", i, r)
		}
	}
	if batches != 2 {
		t.Errorf("%d batches", batches)
	}
	for i := range requests {
		requests[i].Bundle = "near@1"
	}
	for i, r := range f.Score(ctx, requests) { // it keeps nobody waiting
		if r != (beat.Reply{}) {
			t.Fatalf("question %d of a model in the process: %+v", i, r)
		}
	}
}

type far func(ctx context.Context, n int, out []beat.Reply)

func (f far) Score(ctx context.Context, _ []float64, n int, out []beat.Reply) { f(ctx, n, out) }
func (far) Close() error                                                      { return nil }

func TestARemoteAnswersPerRow(t *testing.T) {
	f := fresh(t)
	f.put(t, "far@1", nil, far(func(_ context.Context, n int, out []beat.Reply) {
		for i := range out[:n] {
			out[i] = beat.Reply{Score: 0.1234567, Reason: []string{"", verdict.BreakerOpen}[i%2]}
		}
	}))
	replies := f.Score(t.Context(), []beat.Request{question("far@1", 0), question("far@1", 1)})
	if replies[0] != (beat.Reply{Score: 0.123457}) || replies[1].Reason != verdict.BreakerOpen {
		t.Errorf("%+v", replies)
	}
}

// A server that hangs until the time is over takes its answers from no other model that is asked with it.
func TestOneThatHangsCostsNoOther(t *testing.T) {
	f := fresh(t)
	ctx, over := context.WithTimeout(t.Context(), 10*time.Second)
	defer over()
	answered := make(chan struct{})
	f.put(t, "hangs@1", nil, far(func(ctx context.Context, n int, out []beat.Reply) {
		<-ctx.Done()
		refuse(out, []int{0}, verdict.Timeout)
	}))
	f.put(t, "near@1", local(func(_ []float64, _ int, out []float64) error {
		out[0] = 0.25
		select {
		case <-answered:
		case <-ctx.Done():
		}
		over()
		return nil
	}), nil)
	f.put(t, "far@1", nil, far(func(_ context.Context, _ int, out []beat.Reply) {
		out[0] = beat.Reply{Score: 0.5}
		close(answered)
	}))
	replies := f.Score(ctx, []beat.Request{question("hangs@1", 0), question("near@1", 1), question("far@1", 2)})
	if want := []beat.Reply{{Reason: verdict.Timeout}, {Score: 0.25}, {Score: 0.5}}; !slices.Equal(replies, want) {
		t.Errorf("%+v, want %+v", replies, want)
	}
	for at, n := range map[[2]string]float64{{"hangs@1", verdict.Timeout}: 1, {"near@1", scored}: 1, {"far@1", scored}: 1} {
		if got := testutil.ToFloat64(f.metrics.scores.WithLabelValues(at[:]...)); got != n {
			t.Errorf("%v counted %v times, want %v", at, got, n)
		}
	}
}

func TestABundleIsLookedForWhenAskedFor(t *testing.T) {
	f := fresh(t)
	f.rescan = 0
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	ask := func() beat.Reply { return f.Score(ctx, []beat.Request{question("one@2", 3)})[0] }
	eventually(t, "says what is missing", func() bool {
		return ask().Reason == verdict.ModelMissing && strings.Contains(f.log.String(), "has no file one@2.zip")
	})
	b := bundletest.New(t, "one", 2, "carrier/1", columns...)
	bundletest.Pack(t, f.dir, b)
	eventually(t, "scores", func() bool { return ask() == beat.Reply{Score: want(t, 3)} })
	if got := f.Bundle("one@2"); got == nil || got.Manifest.Model != b.Manifest.Model || f.Bundle("one@1") != nil {
		t.Errorf("its bundle is %+v", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if said := f.log.String(); strings.Count(said, "has no file") != 1 {
		t.Errorf("said again and again:\n%s", said)
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatal("it never ", what)
		}
	}
}

func TestABadBundleIsLeftOut(t *testing.T) {
	good := bundletest.New(t, "good", 1, "carrier/1", columns...)
	lying := bundletest.New(t, "lying", 1, "carrier/1", columns...)
	golden := bundletest.Golden(t, bundletest.Model(columns...), len(columns))
	golden[5].Score /= 2
	lying, err := bundle.New(lying.Manifest, lying.Model, golden)
	if err != nil {
		t.Fatal(err)
	}
	f := fresh(t, good, lying)
	if err := os.Rename(filepath.Join(f.dir, "good@1.zip"), filepath.Join(f.dir, "good@2.zip")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "torn@1.zip"), []byte("PK"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, says := range map[string]string{
		"lying@1": "golden row 5", "good@2": "holds good@1", "torn@1": "no .zip file",
	} {
		if r := f.Score(t.Context(), []beat.Request{question(id, 0)})[0]; r.Reason != verdict.ModelMissing || !strings.Contains(f.log.String(), says) {
			t.Errorf("%s: %+v, logged\n%s", id, r, f.log)
		}
	}
	if r := f.Score(t.Context(), []beat.Request{question("good@1", 0)})[0]; r != (beat.Reply{Score: want(t, 0)}) {
		t.Errorf("the good one is in force since the start: %+v", r)
	}
	if _, err := f.open(t.Context(), "../x"); err == nil || !strings.Contains(err.Error(), "no name@version") {
		t.Error(err)
	}
	gone := New(filepath.Join(f.dir, "gone"), nil, f.Registry.log, prometheus.NewRegistry())
	if err := gone.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "models.dir") {
		t.Error(err)
	}
}

func TestManyAskAtOnce(t *testing.T) {
	f := fresh(t, bundletest.New(t, "one", 1, "carrier/1", columns...))
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for range 20 {
				var requests []beat.Request
				for i := range 50 + g {
					requests = append(requests, question("one@1", i*g))
				}
				for i, r := range f.Score(t.Context(), requests) {
					if r.Reason != "" || r.Score != f.Score(t.Context(), requests[i:i+1])[0].Score {
						t.Errorf("question %d: %+v", i, r)
					}
				}
			}
		})
	}
	all.Wait()
}

func TestNothingIsAllocatedPerRow(t *testing.T) {
	f := fresh(t, bundletest.New(t, "one", 1, "carrier/1", columns...))
	requests := make([]beat.Request, 4*batchRows)
	for i := range requests {
		requests[i] = question("one@1", i)
	}
	f.Score(t.Context(), requests)
	if n := testing.AllocsPerRun(10, func() { f.Score(t.Context(), requests) }); n > 20 {
		t.Errorf("%v allocations for %d rows", n, len(requests))
	}
}

func BenchmarkScore(b *testing.B) {
	f := fresh(b, bundletest.New(b, "one", 1, "carrier/1", columns...))
	requests := make([]beat.Request, batchRows)
	for i := range requests {
		requests[i] = question("one@1", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Score(b.Context(), requests)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batchRows, "ns/row")
}
