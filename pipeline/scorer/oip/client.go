package oip

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"andon/schemas/beat"
	"andon/schemas/verdict"
)

// callsMax is how many calls are under way at once, and so how many connections there are.
const callsMax = 8

// When the server is left alone: half of the calls of 10 s gave no scores, and there were 20. After 30 s it is asked again, until 5 calls in a
// row are well or one is not.
const (
	breakerWindow  = 10 * time.Second
	breakerBucket  = time.Second
	breakerCalls   = 20
	breakerRest    = 30 * time.Second
	breakerProbes  = 5
	breakerPercent = 50
)

// logEvery is the time between two lines about calls without scores.
const logEvery = 10 * time.Second

// Client asks one model. Many goroutines use it at once.
type Client struct {
	config  Config
	call    caller
	log     *slog.Logger
	breaker *gobreaker.CircuitBreaker[scored]
	known   atomic.Pointer[description] // what the model takes, once asked
	slots   chan struct{}               // one for each call under way

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	calls  sync.WaitGroup

	mu      sync.Mutex
	filling *batch // takes more rows; nil when there is none
	closed  bool
	told    time.Time // when a call without scores was last logged
}

// scored is the good end of a call.
type scored struct {
	scores []float64
	model  string // as beat.Reply names it
}

func newClient(c Config, call caller, log *slog.Logger) *Client {
	ctx, cancel := context.WithCancel(context.Background())
	log = log.With("url", c.URL, "model", c.Model)
	return &Client{
		config: c, call: call, log: log, ctx: ctx, cancel: cancel, slots: make(chan struct{}, callsMax),
		breaker: gobreaker.NewCircuitBreaker[scored](gobreaker.Settings{
			Name: c.Model, Interval: breakerWindow, BucketPeriod: breakerBucket, Timeout: breakerRest, MaxRequests: breakerProbes,
			ReadyToTrip: func(n gobreaker.Counts) bool {
				calls := n.TotalSuccesses + n.TotalFailures
				return calls >= breakerCalls && 100*n.TotalFailures >= breakerPercent*calls
			},
			OnStateChange: func(_ string, from, to gobreaker.State) {
				log.Warn("the breaker of a remote scorer turned", "from", from.String(), "to", to.String())
			},
			IsSuccessful: func(err error) bool { return err == nil || absent(err) },
		}),
	}
}

// Score asks for the scores of n rows of Config.Features numbers each, row-major, NaN for what is missing. It fills out[:n], row by row, with a score
// in [0, 1] and the model that gave it, or with the reason why there is none; it returns by ctx's deadline and within Config.Timeout. rows may be
// reused once it has returned.
//
// A remote model has no file here: what names it in a reply is the hash of its name and the version that answered.
func (c *Client) Score(ctx context.Context, rows []float64, n int, out []beat.Reply) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	out = out[:n]
	if ctx.Err() != nil {
		fill(out, verdict.Timeout)
		return
	}
	if c.breaker.State() == gobreaker.StateOpen {
		fill(out, verdict.BreakerOpen)
		return
	}
	shares := c.board(rows, n)
	if shares == nil {
		fill(out, verdict.ModelMissing)
		return
	}
	for _, s := range shares {
		s.await(ctx, out)
		out = out[s.n:]
	}
}

// Close ends the calls under way, which then have no scores, and the connections. It returns when all goroutines of the client have ended.
func (c *Client) Close() error {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.cancel()
	if c.filling != nil {
		c.depart(c.filling)
	}
	c.mu.Unlock()
	c.calls.Wait()
	if again {
		return nil
	}
	return c.call.close()
}

// send makes the call of a batch and sets its replies.
func (c *Client) send(b *batch) {
	defer close(b.done)
	b.replies = make([]beat.Reply, b.n)
	ctx, cancel := context.WithDeadline(c.ctx, b.deadline)
	defer cancel()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil || !time.Now().Before(b.deadline) { // no call is made, and the breaker not told
		fill(b.replies, verdict.Timeout)
		return
	}
	got, err := c.breaker.Execute(func() (scored, error) { return c.ask(ctx, b) })
	if err != nil {
		reason := reasonOf(err)
		c.tell(reason, err)
		fill(b.replies, reason)
		return
	}
	for i, score := range got.scores {
		if score >= 0 && score <= 1 { // NaN is not
			b.replies[i] = beat.Reply{Score: score, Model: got.model}
		} else {
			b.replies[i] = beat.Reply{Reason: verdict.BadOutput, Model: got.model}
		}
	}
}

// ask makes a call. When the answer is not as it should be, what is known of the model is asked for anew: it may have been replaced.
func (c *Client) ask(ctx context.Context, b *batch) (scored, error) {
	d, err := c.description(ctx)
	if err != nil {
		return scored{}, err
	}
	a, err := c.call.infer(ctx, d, b.rows, b.n)
	if err == nil {
		err = a.from(&c.config)
	}
	var scores []float64
	if err == nil {
		scores, err = a.scores(b.n)
	}
	if err != nil {
		if _, answered := errors.AsType[*failure](err); answered {
			c.known.CompareAndSwap(d, nil)
		}
		return scored{}, err
	}
	version := a.Version
	if version == "" {
		version = c.config.Version
	}
	return scored{scores, modelName(c.config.Model, version)}, nil
}

// modelName is how replies name a model: 16 digits, as of the hash of a file.
func modelName(model, version string) string {
	sum := sha256.Sum256([]byte(model + "@" + version))
	return hex.EncodeToString(sum[:8])
}

// description is what the model takes, asked for if it is not known.
func (c *Client) description(ctx context.Context) (*description, error) {
	if d := c.known.Load(); d != nil {
		return d, nil
	}
	return c.describe(ctx)
}

// describe asks what the model takes, and notes it.
func (c *Client) describe(ctx context.Context) (*description, error) {
	d, err := c.call.describe(ctx)
	if err == nil {
		err = d.check(&c.config)
	}
	if err != nil {
		return nil, err
	}
	c.known.Store(&d)
	return &d, nil
}

// tell logs why a call gave no scores, one in a while. The breaker tells of itself.
func (c *Client) tell(reason string, err error) {
	c.mu.Lock()
	now := time.Now()
	quiet := reason == verdict.BreakerOpen || c.closed || now.Sub(c.told) < logEvery
	if !quiet {
		c.told = now
	}
	c.mu.Unlock()
	if !quiet {
		c.log.Warn("a call to a remote scorer gave no scores", "reason", reason, "error", err)
	}
}
