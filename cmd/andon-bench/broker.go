package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"

	"andon/internal/embedded"
)

// broker is a broker in a process of its own.
type broker struct {
	name string // kfake or Kafka
	addr string
	pid  int
	stop func() error

	// profile begins a CPU profile of the broker into a file; end ends it. Kafka's JVM has none.
	profile func(path string) (end func() error, err error)
}

// The brokers there are. They serve as flag values too.
const (
	kfake     = "kfake"
	realKafka = "Kafka"
)

// startBroker starts a broker that stores what it must under dir.
func startBroker(ctx context.Context, name, dir string) (broker, error) {
	if name == kfake {
		return startFake(ctx)
	}
	k, err := embedded.StartKafka(ctx, filepath.Join(dir, "kafka"))
	if err != nil {
		return broker{}, err
	}
	none := func(string) (func() error, error) { return func() error { return nil }, nil }
	return broker{realKafka, k.Addr(), k.PID(), k.Stop, none}, nil
}

// startFake starts this program as the in-process broker.
func startFake(ctx context.Context) (broker, error) {
	p, err := startSelf(ctx, "broker")
	if err != nil {
		return broker{}, err
	}
	addr, err := p.line()
	if err != nil {
		return broker{}, err
	}
	profile := func(path string) (func() error, error) { return func() error { return p.ask("") }, p.ask(path) }
	return broker{kfake, addr, p.cmd.Process.Pid, p.end, profile}, nil
}

// brokerCmd is the hidden command that makes this process the broker: it prints its address and serves until its input ends. A line with a path
// begins a CPU profile into that file, an empty line ends it; each is answered by a line.
type brokerCmd struct{}

// Run serves.
func (brokerCmd) Run() error {
	b, err := embedded.StartFakeKafka("")
	if err != nil {
		return err
	}
	defer b.Stop()
	fmt.Println(b.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		pprof.StopCPUProfile()
		if path := lines.Text(); path != "" {
			f, err := os.Create(path)
			if err != nil {
				return err
			}
			defer f.Close()
			if err := pprof.StartCPUProfile(f); err != nil {
				return err
			}
		}
		fmt.Println("done")
	}
	return nil
}

// child is this program again, doing one thing: it tells by lines on its output and ends with its input.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startSelf starts this program with arguments.
func startSelf(ctx context.Context, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, args...)}
	c.cmd.Env = append(os.Environ(), asBench+"=1")
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	return c, nil
}

// line waits for the next line the child says.
func (c *child) line() (string, error) {
	text, err := c.out.ReadString('\n')
	if err != nil {
		_ = c.in.Close()
		if ended := c.cmd.Wait(); ended != nil {
			err = ended
		}
		return "", fmt.Errorf("%s ended before it said what it should: %w", c.cmd.Args[1], err)
	}
	return strings.TrimSpace(text), nil
}

// ask sends the child a line and waits for its answer.
func (c *child) ask(text string) error {
	if _, err := fmt.Fprintln(c.in, text); err != nil {
		return fmt.Errorf("%s is gone: %w", c.cmd.Args[1], err)
	}
	_, err := c.line()
	return err
}

// end closes the child's input and waits until it is gone.
func (c *child) end() error {
	_ = c.in.Close()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", c.cmd.Args[1], err)
	}
	return nil
}
