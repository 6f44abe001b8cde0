package oip

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"
)

// What a server does with a question instead of answering.
const (
	well         = ""
	slow         = "slow" // answers, but late
	hang         = "hang" // never answers, whatever the client does
	broken       = "broken"
	busy         = "busy"
	allNaN       = "all NaN"
	someWrong    = "some wrong" // row 1 NaN, row 2 over 1, row 3 under 0, row 4 infinite
	wrongShape   = "wrong shape"
	tooFew       = "too few"
	integers     = "integers"
	cut          = "cut" // fewer bytes than it says
	otherVersion = "other version"
	otherModel   = "other model"
	gone         = "gone"
	reset        = "reset"
)

const slowness = time.Second

// server is a conforming server of one model, by both transports, that can be made to fail. It is written apart from the client: what it reads
// and writes comes from encoding/json and from the protobuf library by the definition of the protocol.
type server struct {
	model, version string
	datatype       string
	features       int
	columns        int64 // of its answers; 0: one dimension
	label          bool  // a tensor of classes goes before the probabilities
	declares       bool  // what it takes
	within         bool  // numbers of answers are within the tensors: JSON by HTTP
	token          string

	mood    atomic.Value // what it does now, a string
	calls   atomic.Int64 // of infer
	rows    atomic.Int64
	release chan struct{} // ends what hangs
	conns   conns
}

func newServer() *server {
	s := &server{model: "late", version: "3", datatype: fp64, features: 4, declares: true, release: make(chan struct{})}
	s.mood.Store(well)
	return s
}

// score is the model.
func score(row []float64) float64 {
	p, missing := 0.0, 0
	for i, x := range row {
		if math.IsNaN(x) {
			missing++
		} else {
			p += x / float64(int(2)<<(2*i))
		}
	}
	return p + float64(missing)/64
}

// question and said are a request and its answer, whatever they travel by.
type question struct {
	model, version string
	input          tensor
}

type said struct {
	status         int // of HTTP
	model, version string
	outputs        []tensor
}

// infer answers as the server's mood is.
func (s *server) infer(q question) said {
	s.calls.Add(1)
	mood := s.mood.Load().(string)
	switch {
	case mood == slow:
		time.Sleep(slowness)
	case mood == hang:
		<-s.release
	case mood == reset:
		s.conns.closeAll()
	case mood == broken:
		return said{status: http.StatusInternalServerError}
	case mood == busy:
		return said{status: http.StatusServiceUnavailable}
	case mood == gone || q.model != s.model || q.version != "" && q.version != s.version:
		return said{status: http.StatusNotFound}
	}
	n, want := len(q.input.raw)/width(s.datatype)/s.features, s.input()
	if q.input.Name != want.Name || q.input.Datatype != s.datatype || q.input.Shape[0] != int64(n) || q.input.Shape[1] != int64(s.features) {
		return said{status: http.StatusBadRequest}
	}
	s.rows.Add(int64(n))
	answer := said{status: http.StatusOK, model: s.model, version: s.version}
	switch mood {
	case otherVersion:
		answer.version = "4"
	case otherModel:
		answer.model = "weight"
	}
	if s.label {
		answer.outputs = append(answer.outputs, tensor{Name: "label", Datatype: "INT64", Shape: []int64{int64(n)}, raw: make([]byte, 8*n)})
	}
	answer.outputs = append(answer.outputs, s.probabilities(mood, n, numbers(q.input.Datatype, q.input.raw)))
	return answer
}

// probabilities are the scores of rows, or what the mood makes of them.
func (s *server) probabilities(mood string, n int, rows []float64) tensor {
	var out []float64
	for i := range n {
		p := score(rows[i*s.features:][:s.features])
		switch {
		case mood == allNaN || mood == someWrong && i == 1:
			p = math.NaN()
		case mood == someWrong && i == 2:
			p = 1.5
		case mood == someWrong && i == 3:
			p = -0.001
		case mood == someWrong && i == 4:
			p = math.Inf(1)
		}
		if s.columns == 2 {
			out = append(out, 1-p)
		}
		out = append(out, p)
	}
	t := tensor{Name: "p", Datatype: s.datatype, Shape: []int64{int64(n)}, raw: bytesOf(s.datatype, out)}
	if s.columns > 0 {
		t.Shape = append(t.Shape, s.columns)
	}
	switch mood {
	case wrongShape:
		t.Shape = []int64{1, int64(len(out))}
	case tooFew:
		t.Shape, t.raw = []int64{int64(n - 1)}, t.raw[width(s.datatype):]
	case integers:
		t.Datatype = "INT64"
	case cut:
		t.raw = t.raw[1:]
	}
	return t
}

func (s *server) input() tensor {
	if !s.declares {
		return undeclared
	}
	return tensor{Name: "x", Datatype: s.datatype, Shape: []int64{-1, int64(s.features)}}
}

func numbers(datatype string, raw []byte) (out []float64) {
	for ; len(raw) > 0; raw = raw[width(datatype):] {
		if datatype == fp32 {
			out = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
		} else {
			out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
		}
	}
	return out
}

func bytesOf(datatype string, xs []float64) (raw []byte) {
	for _, x := range xs {
		if datatype == fp32 {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(x)))
		} else {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(x))
		}
	}
	return raw
}

// ServeHTTP speaks the protocol over HTTP with the binary tensor data extension.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.token != "" && r.Header.Get("Authorization") != "Bearer "+s.token {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	q := question{model: r.PathValue("model"), version: r.PathValue("version")}
	if r.Method == http.MethodGet {
		s.describeHTTP(w, q)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client gave up
	}
	head, err := strconv.Atoi(r.Header.Get("Inference-Header-Content-Length"))
	var request struct {
		Inputs []struct {
			tensor
			Parameters map[string]int
		}
		Parameters map[string]bool
	}
	if err == nil {
		err = json.Unmarshal(body[:head], &request)
	}
	if err != nil || len(request.Inputs) != 1 || !request.Parameters["binary_data_output"] || request.Inputs[0].Parameters["binary_data_size"] != len(body)-head {
		http.Error(w, "not as the protocol says", http.StatusBadRequest)
		return
	}
	q.input = request.Inputs[0].tensor
	q.input.raw = body[head:]
	s.answerHTTP(w, s.infer(q))
}

func (s *server) describeHTTP(w http.ResponseWriter, q question) {
	if q.model != s.model || q.version != "" && q.version != s.version || s.mood.Load() == gone {
		http.Error(w, "no such model", http.StatusNotFound)
		return
	}
	about := map[string]any{"name": s.model, "versions": []string{s.version}, "platform": "test", "outputs": []any{}, "inputs": []any{}}
	if s.declares {
		about["inputs"] = []tensor{s.input()}
	}
	must(json.NewEncoder(w).Encode(about))
}

func (s *server) answerHTTP(w http.ResponseWriter, a said) {
	if a.status != http.StatusOK {
		http.Error(w, fmt.Sprintf(`{"error":"%d"}`, a.status), a.status)
		return
	}
	var outputs []map[string]any
	var raw []byte
	for _, t := range a.outputs {
		o := map[string]any{"name": t.Name, "datatype": t.Datatype, "shape": t.Shape}
		if s.within {
			o["data"] = numbers(t.Datatype, t.raw)
		} else {
			o["parameters"] = map[string]int{"binary_data_size": len(t.raw)}
			raw = append(raw, t.raw...)
		}
		outputs = append(outputs, o)
	}
	head, err := json.Marshal(map[string]any{"model_name": a.model, "model_version": a.version, "id": "1", "outputs": outputs})
	must(err)
	if s.within {
		w.Write(head)
		return
	}
	w.Header().Set("Inference-Header-Content-Length", strconv.Itoa(len(head)))
	w.Write(append(head, raw...)) // the client may be gone
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// conns are the connections of a server.
type conns struct {
	net.Listener
	mu   sync.Mutex
	open []net.Conn
}

// Accept implements net.Listener.
func (c *conns) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, conn)
	return conn, err
}

func (c *conns) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			must(tcp.SetLinger(0)) // a reset, not an end
		}
		conn.Close()
	}
	c.open = nil
}

// serve serves until the test ends, by what the transport is: http or grpc.
func (s *server) serve(t *testing.T, transport string, lis net.Listener, secure credentials.TransportCredentials) {
	s.conns.Listener = lis
	var done sync.WaitGroup
	if transport == "grpc" {
		options := []grpc.ServerOption{grpc.UnknownServiceHandler(s.serveGRPC)}
		if secure != nil {
			options = append(options, grpc.Creds(secure))
		}
		g := grpc.NewServer(options...)
		done.Go(func() { g.Serve(&s.conns) })
		t.Cleanup(func() { close(s.release); g.Stop(); done.Wait() })
		return
	}
	mux := http.NewServeMux()
	for _, path := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		mux.Handle("GET "+path, s)
		mux.Handle("POST "+path+"/infer", s)
	}
	h := &http.Server{Handler: mux, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	done.Go(func() { h.Serve(&s.conns) })
	t.Cleanup(func() { close(s.release); h.Close(); done.Wait() })
}

// client serves s without a network, so that time may be virtual, and returns a client of it.
func (s *server) client(t *testing.T, transport string) *Client {
	lis := bufconn.Listen(1 << 20)
	s.serve(t, transport, lis, nil)
	config := Config{Section: "scorers.late", URL: transport + "://model:8080", Model: "late", Version: "3", Features: s.features}
	c, err := open(config, slog.New(slog.DiscardHandler), func(ctx context.Context, _, _ string) (net.Conn, error) { return lis.DialContext(ctx) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}
