package scorer

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"andon/pipeline/scorer/bundle"
	"andon/pipeline/scorer/bundle/bundletest"
	"andon/schemas/beat"
)

// inference answers by the Open Inference Protocol what a model says: binary rows in, JSON out.
func inference(t *testing.T, m bundle.Model) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprintf(w, `{"name":"late","inputs":[{"name":"rows","datatype":"FP64","shape":[-1,%d]}],"outputs":[{"name":"p","datatype":"FP64","shape":[-1]}]}`, len(columns))
			return
		}
		head, err := strconv.Atoi(r.Header.Get("Inference-Header-Content-Length"))
		body, readErr := io.ReadAll(r.Body)
		if err != nil || readErr != nil || head > len(body) {
			http.Error(w, "no binary rows", http.StatusBadRequest)
			return
		}
		rows := make([]float64, (len(body)-head)/8)
		for i := range rows {
			rows[i] = math.Float64frombits(binary.LittleEndian.Uint64(body[head+8*i:]))
		}
		out := make([]float64, len(rows)/len(columns))
		if err := m.Score(rows, len(out), out); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"model_name": "late", "model_version": "1",
			"outputs": []any{map[string]any{"name": "p", "datatype": "FP64", "shape": []int{len(out)}, "data": out}}})
	}))
	t.Cleanup(server.Close)
	return server
}

// remoteBundle names a server, and expects of it what the models of bundletest say, calibrated.
func remoteBundle(t *testing.T, file string) *bundle.Bundle {
	t.Helper()
	m := bundletest.Manifest("far", 1, "carrier/1", columns...)
	m.Format, m.Calibrator = bundle.Remote, bundle.Calibrator{Kind: bundle.Platt, A: 0.5, B: -1}
	golden := bundletest.Golden(t, bundletest.Model(columns...), len(columns))
	for i := range golden {
		p := []float64{golden[i].Score}
		m.Calibrator.Apply(p)
		golden[i].Score = p[0]
	}
	b, err := bundle.New(m, []byte(file), golden)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARemoteBundleIsPutInForceByItsServer(t *testing.T) {
	at := func(url string) string { return fmt.Sprintf(`{"url":%q,"model":"late","timeout_ms":30000}`, url) }
	good := inference(t, bundletest.Model(columns...))
	f := fresh(t, remoteBundle(t, at(good.URL)))
	defer f.Close()
	p := []float64{0}
	if err := bundletest.Model(columns...).Score(question("", 4).Features, 1, p); err != nil {
		t.Fatal(err)
	}
	f.Bundle("far@1").Manifest.Calibrator.Apply(p)
	if r := f.Score(t.Context(), []beat.Request{question("far@1", 4)})[0]; r != (beat.Reply{Score: math.Round(p[0]*1e6) / 1e6}) {
		t.Errorf("%+v, want %v; logged\n%s", r, p, f.log)
	}

	other := bundletest.Model(columns...)
	other.Intercept = -2
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for file, says := range map[string]string{
		at(inference(t, other).URL):       "golden row 0",
		at(gone.URL):                      "far@1",
		`{"url":"http://a","modle":"x"}`:  "unknown field",
		`{"url":"http://a","model":"x"}1`: "stands after it",
		`{"url":"a","model":"x"}`:         "model.json.url",
	} {
		if m, err := open(t.Context(), remoteBundle(t, file), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %v, want %q", file, m, err, says)
		}
	}
}
