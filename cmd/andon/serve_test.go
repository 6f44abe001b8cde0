package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestServe(t *testing.T) {
	metrics := prometheus.NewRegistry()
	count := prometheus.NewCounter(prometheus.CounterOpts{Name: "andon_test_total", Help: "A test."})
	metrics.MustRegister(count)
	var waits atomic.Pointer[error]
	addr, err := serve(t.Context(), "127.0.0.1:0", metrics, func() error {
		if w := waits.Load(); w != nil {
			return *w
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (int, string) {
		t.Helper()
		reply, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		if err != nil {
			t.Fatal(err)
		}
		return reply.StatusCode, string(body)
	}
	if code, body := get("/readyz"); code != 200 || body != "ok\n" {
		t.Errorf("readyz: %d %s", code, body)
	}
	why := errors.New("asn/3 is restoring")
	waits.Store(&why)
	if code, body := get("/readyz"); code != 503 || body != "asn/3 is restoring\n" {
		t.Errorf("readyz while waiting: %d %s", code, body)
	}
	if code, _ := get("/healthz"); code != 200 {
		t.Errorf("healthz while waiting: %d", code)
	}
	if code, body := get("/metrics"); code != 200 || !strings.Contains(body, "andon_test_total 0") {
		t.Errorf("metrics: %d %s", code, body)
	}
	if _, err := serve(t.Context(), addr, metrics, nil); err == nil || !strings.Contains(err.Error(), addr+" (http.addr)") {
		t.Errorf("a taken address: %v", err)
	}
}
