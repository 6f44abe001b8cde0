// Package oip asks a model on another server for scores, by the Open Inference Protocol v2 (KServe, Triton, MLServer, OpenVINO): over HTTP with
// binary tensors, or over gRPC with raw contents.
//
// Rows of many callers travel together: 64 of them, or those of 2 ms, are one call. An answer that comes late, not at all or wrong is a reason
// and no error: whoever asks goes on by the rule. After too many failures the server is left alone for a while.
//
// The model takes one tensor of rows x features, FP64 or FP32 as its metadata says, NaN where a value is missing, and answers with one tensor of
// floats: a probability for each row, or two, of no and of yes.
//
// Source: Open Inference Protocol v2, its gRPC definition, and the binary tensor data extension of HTTP, as Triton describes it.
package oip

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"andon/pipeline/wire"
)

// Config is where a model is and how it is asked.
type Config struct {
	Section  string        // of the configuration these come from, for errors, e.g. scorers.carrier
	URL      string        // http, https, grpc or grpcs; a path only for HTTP, before /v2
	Model    string        // its name there
	Version  string        // the only one to take an answer of; the server chooses when empty
	Features int           // numbers in a row
	Timeout  time.Duration // from the question to its reply, waiting for others included; DefaultTimeout when 0

	TokenFile string // holds the bearer token we show; none when empty. Read again when the server refuses it, so it may be replaced
	CAFile    string // PEM, authorities to trust by https and grpcs; those of this machine when empty
}

// DefaultTimeout is how long a caller waits for scores.
const DefaultTimeout = 50 * time.Millisecond

// minTimeout leaves time for an answer after waiting for other rows.
const minTimeout = 5 * linger

// plainScheme is, by the scheme of a URL, the one of the same protocol without TLS.
var plainScheme = map[string]string{"http": "http", "https": "http", "grpc": "grpc", "grpcs": "grpc"}

// address checks the URL and takes it apart.
func (c *Config) address() (*url.URL, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || plainScheme[u.Scheme] == "" || u.Hostname() == "":
		return nil, c.mistake("url", "%q is not the URL of a server: write http, https, grpc or grpcs, then :// and its host and port", c.URL)
	case u.User != nil:
		return nil, c.mistake("url", "it holds a user: remove it, and show a token by %s.token_file", c.Section)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, c.mistake("url", "%q has a query or a fragment: remove it", c.URL)
	case plainScheme[u.Scheme] == "grpc" && (u.Port() == "" || u.Path != ""):
		return nil, c.mistake("url", "%q: by gRPC it is host and port, and nothing after it", c.URL)
	}
	return u, nil
}

// check validates what is no file.
func (c *Config) check(u *url.URL) error {
	switch {
	case c.Model == "":
		return c.mistake("model", "it is empty: write the name that %s serves the model by", c.URL)
	case c.Features < 1:
		return c.mistake("features", "%d is no number of features", c.Features)
	case c.Timeout < minTimeout:
		return c.mistake("timeout", "%s is too short: give it at least %s", c.Timeout, minTimeout)
	case c.CAFile != "" && u.Scheme == plainScheme[u.Scheme]:
		return c.mistake("ca_file", "it says whom to trust by TLS, but the URL is %s: write %ss://, or leave it empty", c.URL, u.Scheme)
	}
	return nil
}

// mistake is an error of the configuration.
func (c *Config) mistake(key, format string, args ...any) error {
	return &wire.Error{Err: fmt.Errorf(c.Section+"."+key+": "+format, args...)}
}

// Open returns a client. It reads the files and connects to nothing yet: Check does. A mistake of the configuration is a wire.Error.
func Open(c Config, log *slog.Logger) (*Client, error) { return open(c, log, nil) }

// open takes in dial what connects in the place of the network; nil is the network.
func open(c Config, log *slog.Logger, dial wire.Dial) (*Client, error) {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	u, err := c.address()
	if err == nil {
		err = c.check(u)
	}
	if err != nil {
		return nil, err
	}
	if dial == nil {
		if dial, err = c.tls(u).Dialer(); err != nil {
			return nil, err
		}
	}
	t := &token{file: c.TokenFile, section: c.Section}
	if err := t.read(); err != nil {
		return nil, err
	}
	if c.TokenFile != "" && u.Scheme == plainScheme[u.Scheme] {
		log.Warn("without TLS the token is sent readable to anybody on the way", "setting", c.Section+".url", "url", c.URL)
	}
	call, err := c.caller(u, dial, t)
	if err != nil {
		return nil, err
	}
	return newClient(c, call, log), nil
}

// tls says how to connect; nil is in the clear.
func (c *Config) tls(u *url.URL) *wire.TLS {
	plain := plainScheme[u.Scheme]
	if u.Scheme == plain {
		return nil
	}
	t := &wire.TLS{Section: c.Section, CAFile: c.CAFile, Scheme: plain, Protocols: []string{"http/1.1"}}
	if plain == "grpc" {
		t.Protocols = []string{"h2"}
	}
	return t
}

func (c *Config) caller(u *url.URL, dial wire.Dial, t *token) (caller, error) {
	if plainScheme[u.Scheme] == "grpc" {
		return newGRPC(c, u, dial, t)
	}
	return newHTTP(c, u, dial, t), nil
}

// caller is one of the two transports. Many goroutines use it at once.
type caller interface {
	// describe asks what the model takes.
	describe(context.Context) (description, error)
	// infer sends rows, and returns the tensors of the answer.
	infer(ctx context.Context, d *description, rows []float64, n int) (answer, error)
	close() error
}

// Check asks the server about the model, and for the score of one row of zeros, and says in full what keeps it from giving scores: a setting that is
// wrong is a wire.Error. It passes by the breaker, and waits as long as ctx says.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.describe(ctx)
	if err == nil {
		_, err = c.ask(ctx, &batch{rows: make([]float64, c.config.Features), n: 1})
	}
	if mistake := mistakeIn(err); mistake != nil {
		return mistake // its own word, without what the transports put around it
	}
	return err
}
