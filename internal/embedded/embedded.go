// Package embedded starts the engines Andon runs on when nobody has installed any: ClickHouse and Apache Kafka as child
// processes on free loopback ports, and an in-process Kafka for the demo and the fast tests.
//
// Each engine keeps everything it stores under the directory it is given, so that a later start on the same directory
// finds the same data. Restart keeps the ports too. The children die with the process that started them, however it ends
// (on Linux; elsewhere a killed parent leaves them running).
//
// ClickHouse's own database default reads files of a working directory and is no store: use database andon, or one that
// the caller creates.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	startLimit   = 90 * time.Second // of one start of an engine: from the process to its first answer
	attemptLimit = 2 * time.Second  // of one attempt to get an answer
)

// ErrMissing is wrapped by every start of an engine whose files are not there. The text says what to run.
var ErrMissing = errors.New("engine missing")

// fetched is where make engines has put an engine: in $ANDON_ENGINES, else in .cache/engines of the checkout. VERSION is
// the file that is written last.
func fetched(engine string) (dir string, err error) {
	engines := os.Getenv("ANDON_ENGINES")
	if engines == "" {
		engines = find(filepath.Join(".cache", "engines"))
	}
	if !exists(filepath.Join(engines, engine, "VERSION")) {
		return "", fmt.Errorf("%w: no %s in %s: run make engines, or set ANDON_ENGINES to where it is", ErrMissing, engine, engines)
	}
	return filepath.Join(engines, engine), nil
}

// find returns the path of name in the checkout of the working directory, else in that of the running program. When
// neither has it, the first one is returned, for the error to name.
func find(name string) string {
	var first string
	for _, start := range []func() (string, error){os.Getwd, programDir} {
		dir, err := start()
		if err != nil {
			continue
		}
		path := filepath.Join(checkout(dir), name)
		if exists(path) {
			return path
		}
		if first == "" {
			first = path
		}
	}
	return first
}

// checkout is the nearest folder at or above dir with a go.mod, else dir itself.
func checkout(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if exists(filepath.Join(at, "go.mod")) {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func programDir() (string, error) {
	program, err := os.Executable()
	return filepath.Dir(program), err
}

// await calls answers until it returns nil. It gives up when ctx ends, after startLimit, or when the process has died, and
// then says what was last in the way.
func await(ctx context.Context, p *process, answers func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptLimit) // short, to notice soon that the process died
		err := answers(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("it exited: %s", p.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w (%w)", err, ctx.Err())
		case <-tick.C:
		}
	}
}
