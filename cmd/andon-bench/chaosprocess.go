package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"andon/internal/killpoint"
)

// process is a running andon run with both roles.
type process struct {
	name    string
	cmd     *exec.Cmd
	started time.Time
	done    chan struct{} // closed when it is gone
	beats   chan struct{} // closed when all its lanes beat

	log  *os.File
	mu   sync.Mutex
	addr string        // of its HTTP server
	took time.Duration // until all lanes beat
	last string        // line of its log
	text strings.Builder
}

// spawn starts a process by a configuration; the order is what it does to itself, zero: nothing.
func (x *chaosRun) spawn(name string, order killpoint.Order) (*process, error) {
	file, err := x.file(name)
	if err != nil {
		return nil, err
	}
	p := &process{name: name, done: make(chan struct{}), beats: make(chan struct{}), cmd: exec.Command(x.Andon, "run", "--config", file)}
	if p.log, err = os.OpenFile(filepath.Join(x.dir, fmt.Sprintf("%s-%d.log", name, x.seed)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	if order.Point != "" {
		p.cmd.Env = append(os.Environ(), killpoint.Variable+"="+order.String())
	}
	said, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start andon: %w", err)
	}
	go p.follow(said)
	return p, nil
}

// follow reads the log of the process until it is gone.
func (p *process) follow(said io.Reader) {
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		p.note(lines.Text())
	}
	_ = p.cmd.Wait() // how it ended, its state says
	p.log.Close()
	close(p.done)
}

func (p *process) note(line string) {
	fmt.Fprintln(p.log, line)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = line
	p.text.WriteString(line)
	if m := observedAt.FindStringSubmatch(line); m != nil {
		p.addr = m[1]
	}
	if strings.Contains(line, "all lanes beat") && p.took == 0 {
		p.took = time.Since(p.started)
		close(p.beats)
	}
}

func (p *process) lastWords() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// said says whether the log holds some words.
func (p *process) said(words string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(p.text.String(), words)
}

func (p *process) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// signalled says whether the process, which is gone, was killed.
func (p *process) signalled() bool {
	status, known := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return known && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// end kills the process, if it runs.
func (p *process) end() {
	_ = p.cmd.Process.Kill() // also when it is stopped
	<-p.done
}

// paused says whether the process has stopped itself.
func (p *process) paused() bool {
	fields, err := stat(p.cmd.Process.Pid)
	return err == nil && fields[0] == "T"
}

// timers is how many timers are armed in the process; one while it does not answer.
func (p *process) timers(ctx context.Context) float64 {
	p.mu.Lock()
	addr := p.addr
	p.mu.Unlock()
	n, err := metric(ctx, addr, "andon_timers")
	if err != nil {
		return 1
	}
	return n
}

// metric reads a metric of a process, summed over its labels; one that is not there is an error.
func metric(ctx context.Context, addr, name string) (sum float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	found := false
	for lines := bufio.NewScanner(reply.Body); lines.Scan(); {
		rest, is := strings.CutPrefix(lines.Text(), name)
		if !is || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return 0, err
		}
		sum, found = sum+v, true
	}
	if !found {
		return 0, errors.New("no metric " + name)
	}
	return sum, nil
}
