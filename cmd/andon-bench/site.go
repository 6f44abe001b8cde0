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
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"andon/cmd/andon/config"
	"andon/replay/baseline"

	"github.com/goccy/go-yaml"
)

// site is the program itself, running the roles detect and load.
type site struct {
	program, file, log string
	cmd                *exec.Cmd
	done               chan struct{}
	addr               string // of its HTTP server
}

// newSite writes a configuration, lays out topics and tables, and starts the program; its log is written to a file in dir.
func newSite(ctx context.Context, program, dir, kafka, clickHouse string) (*site, error) {
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("no program to run (--andon): %w: run make build", err)
	}
	at := liveTopics(kafka)
	cfg := config.Default()
	cfg.Instance, cfg.Kafka.Brokers, cfg.Kafka.ReplicationFactor, cfg.Kafka.Partitions = at.Instance, at.Brokers, 1, partitions
	cfg.Kafka.InputPrefix, cfg.Kafka.OwnPrefix = at.InputPrefix, at.OwnPrefix
	usual, err := baseline.Simulated()
	if err != nil {
		return nil, err
	}
	cfg.ClickHouse.Addr, cfg.HTTP.Addr, cfg.Settings = clickHouse, "127.0.0.1:0", logSettings()
	cfg.Settings.Reference = usual
	text, err := yaml.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	s := &site{program: program, file: filepath.Join(dir, "andon.yaml"), log: filepath.Join(dir, "andon.log"), done: make(chan struct{})}
	if err := os.WriteFile(s.file, text, 0o600); err != nil {
		return nil, err
	}
	for _, args := range [][]string{{"topics", "apply"}, {"migrate"}} {
		if out, err := exec.CommandContext(ctx, program, append(args, "--config", s.file)...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("andon %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return s, s.start(ctx)
}

func (s *site) start(ctx context.Context) error {
	log, err := os.Create(s.log)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(s.program, "run", "--config", s.file)
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start andon: %w", err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended, stop says
		close(s.done)
	}()
	return s.await(ctx, "andon to be observable", time.Minute, func() (bool, error) {
		text, err := os.ReadFile(s.log)
		if m := observedAt.FindSubmatch(text); m != nil {
			s.addr = string(m[1])
		}
		return s.addr != "", err
	})
}

var observedAt = regexp.MustCompile(`http=(\S+)`)

// await waits until ok says so. It gives up after a while, and when the program has ended.
func (s *site) await(ctx context.Context, what string, limit time.Duration, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		there, err := ok()
		if there {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("andon ended while waiting for %s: %s", what, s.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s: %w", what, errors.Join(err, ctx.Err()))
		case <-again.C:
		}
	}
}

// stop asks the program to end, which must go well.
func (s *site) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails when it is gone already
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	if !s.cmd.ProcessState.Success() {
		return fmt.Errorf("andon: %s: %s", s.cmd.ProcessState, s.lastWords())
	}
	return nil
}

// lastWords is the last line of the program's log.
func (s *site) lastWords() string {
	text, _ := os.ReadFile(s.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// warnings counts the lines of the program's log that are warnings or errors.
func (s *site) warnings() (warned, failed int) {
	text, _ := os.ReadFile(s.log)
	return strings.Count(string(text), "level=WARN"), strings.Count(string(text), "level=ERROR")
}

// metrics reads the program's metrics, each summed over its labels.
func (s *site) metrics(ctx context.Context) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("metrics of andon: %w", err)
	}
	defer reply.Body.Close()
	sums := map[string]float64{}
	lines := bufio.NewScanner(io.LimitReader(reply.Body, 64<<20))
	for lines.Scan() {
		text := lines.Text()
		blank := strings.LastIndexByte(text, ' ')
		if blank < 0 || text[0] == '#' {
			continue
		}
		v, err := strconv.ParseFloat(text[blank+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metrics of andon: %q: %w", text, err)
		}
		name, _, _ := strings.Cut(text[:blank], "{")
		sums[name] += v
	}
	return sums, lines.Err()
}
