// Package scorer answers the questions of a beat with models in force: bundles by name and version, from one directory. A question that has no
// score gets the reason instead, never an error: whoever asks goes on by the rule.
package scorer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"andon/pipeline/scorer/bundle"
)

// rescanAfter is how long a bundle that could not be loaded is left alone before it is looked for again.
const rescanAfter = 5 * time.Second

// wantedMax is how many bundles may wait to be looked for; more are asked for again by the next beat.
const wantedMax = 16

// Registry holds the models. It implements pipeline.Scorer; many goroutines use it at once.
//
// A bundle lies in the directory under its own name, e.g. carrier-lateness@1.zip, and once loaded stays as it is: what is to change gets a new
// version. Load takes what is there at the start; a bundle that is asked for and not there is looked for again by Run, outside the beat.
type Registry struct {
	dir     string
	sets    bundle.Sets
	log     *slog.Logger
	metrics *metrics
	rescan  time.Duration

	models  atomic.Pointer[map[string]*model] // by ID; never changed, only replaced
	loading sync.Mutex                        // held by who replaces models, and who uses told
	told    map[string]string                 // what was last logged of a bundle that does not load, by ID
	wanted  chan string
	scratch sync.Pool
}

// New returns a registry of the bundles in dir, none when it is empty. sets tells which features the program computes.
func New(dir string, sets bundle.Sets, log *slog.Logger, registerer prometheus.Registerer) *Registry {
	r := &Registry{dir: dir, sets: sets, log: log, metrics: newMetrics(registerer), rescan: rescanAfter,
		told: map[string]string{}, wanted: make(chan string, wantedMax)}
	r.models.Store(&map[string]*model{})
	r.scratch.New = func() any { return new(scratch) }
	return r
}

// Load loads every bundle of the directory. One that is not as it should be is logged and left out: its code goes by the rule. An error says that
// the directory cannot be read.
func (r *Registry) Load(ctx context.Context) error {
	if r.dir == "" {
		return nil
	}
	files, err := os.ReadDir(r.dir)
	if err != nil {
		return fmt.Errorf("models.dir: %w", err)
	}
	for _, f := range files {
		if id, ok := strings.CutSuffix(f.Name(), bundle.Extension); ok {
			r.load(ctx, id)
		}
	}
	return ctx.Err()
}

// Run looks for the bundles that are asked for and not there, each at most every few seconds, until ctx ends.
func (r *Registry) Run(ctx context.Context) error {
	tried := map[string]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case id := <-r.wanted:
			if last, known := tried[id]; known && time.Since(last) < r.rescan {
				continue
			}
			r.load(ctx, id)
			tried[id] = time.Now()
		}
	}
}

// Bundle is the bundle of an ID that is loaded; nil when it is not. It reads the golden rows a guard replays.
func (r *Registry) Bundle(id string) *bundle.Bundle {
	if m := (*r.models.Load())[id]; m != nil {
		return m.bundle
	}
	return nil
}

// want asks Run for a bundle, without waiting.
func (r *Registry) want(id string) {
	select {
	case r.wanted <- id:
	default:
	}
}

// load loads one bundle, unless it is there already. What keeps it from it is logged when it is news.
func (r *Registry) load(ctx context.Context, id string) {
	r.loading.Lock()
	defer r.loading.Unlock()
	known := *r.models.Load()
	if known[id] != nil {
		return
	}
	m, err := r.open(ctx, id)
	if err != nil {
		if r.told[id] != err.Error() && ctx.Err() == nil {
			r.log.Error("a model is not to be had, the rules decide", "bundle", id, "error", err)
			r.told[id] = err.Error()
		}
		return
	}
	more := maps.Clone(known)
	more[id] = m
	r.models.Store(&more)
	delete(r.told, id)
	r.log.Info("a model answers", "bundle", id, "format", string(m.bundle.Manifest.Format), "sha256", m.bundle.Manifest.Model.SHA256,
		"golden_rows", len(m.bundle.Golden))
}

func (r *Registry) open(ctx context.Context, id string) (*model, error) {
	if r.dir == "" {
		return nil, errors.New("models.dir: name the directory that holds the bundles")
	}
	if id == "" || filepath.Base(id) != id {
		return nil, fmt.Errorf("%q is no name@version", id)
	}
	b, err := bundle.Open(filepath.Join(r.dir, id+bundle.Extension), r.sets)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("models.dir has no file %s: put it there", id+bundle.Extension)
	}
	if err != nil {
		return nil, err
	}
	if got := b.Manifest.ID(); got != id {
		return nil, fmt.Errorf("the file %s holds %s: name it after what it holds", id+bundle.Extension, got)
	}
	return open(ctx, b, r.log)
}

// Close lets go of what models hold. Nobody asks any more.
func (r *Registry) Close() {
	for id, m := range *r.models.Load() {
		if err := m.close(); err != nil {
			r.log.Warn("a model was not let go of in order", "bundle", id, "error", err)
		}
	}
}
