package scorer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"andon/pipeline/scorer/bundle"
	"andon/pipeline/scorer/oip"
	"andon/schemas/beat"
)

// where is the model file of a remote bundle: where the model is and how it is asked. See oip.Config.
type where struct {
	URL       string `json:"url"`
	Model     string `json:"model"`
	Version   string `json:"version,omitempty"`
	TimeoutMS int    `json:"timeout_ms,omitempty"`
	TokenFile string `json:"token_file,omitempty"`
	CAFile    string `json:"ca_file,omitempty"`
}

// server is a model on a server, asked as a bundle.Model is: for golden rows, all or nothing.
type server struct {
	client *oip.Client
	ctx    context.Context // of the questions
	width  int
}

// goldenRows is how many golden rows a server is asked about at once: a call of its client.
const goldenRows = 64

// Raw returns what answers a bundle's rows before calibration: the model in its file, or the server that the file names, once it has told what it
// takes. What it returns may be an io.Closer. ctx bounds the questions to a server.
func Raw(ctx context.Context, b *bundle.Bundle, log *slog.Logger) (bundle.Model, error) {
	m, err := b.Parse()
	if !errors.Is(err, bundle.ErrRemote) {
		return m, err
	}
	s, err := reach(ctx, b, log)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", b.Manifest.ID(), err)
	}
	return s, nil
}

func reach(ctx context.Context, b *bundle.Bundle, log *slog.Logger) (*server, error) {
	var w where
	d := json.NewDecoder(bytes.NewReader(b.Model))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Manifest.Model.Name, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: something stands after it", b.Manifest.Model.Name)
	}
	s := &server{ctx: ctx, width: len(b.Manifest.Features.Columns)}
	client, err := oip.Open(oip.Config{Section: b.Manifest.Model.Name, URL: w.URL, Model: w.Model, Version: w.Version, Features: s.width,
		Timeout: time.Duration(w.TimeoutMS) * time.Millisecond, TokenFile: w.TokenFile, CAFile: w.CAFile}, log)
	if err != nil {
		return nil, err
	}
	if err := client.Check(ctx); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s.client = client
	return s, nil
}

// Score implements bundle.Model.
func (s *server) Score(rows []float64, n int, out []float64) error {
	var replies [goldenRows]beat.Reply
	for from := 0; from < n; from += goldenRows {
		size := min(goldenRows, n-from)
		s.client.Score(s.ctx, rows[from*s.width:(from+size)*s.width], size, replies[:size])
		for i, r := range replies[:size] {
			if r.Reason != "" {
				return fmt.Errorf("the server gives no score: %s", r.Reason)
			}
			out[from+i] = r.Score
		}
	}
	return nil
}

// Close implements io.Closer.
func (s *server) Close() error { return s.client.Close() }
