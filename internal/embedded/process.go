package embedded

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// stopLimit is how long an engine may take to end after SIGTERM before it is killed.
const stopLimit = 30 * time.Second

// process is one running child whose output is appended to a log file.
type process struct {
	cmd     *exec.Cmd
	logPath string
	done    chan struct{} // closed when the child is gone and reaped
}

// spawn starts a child in its own process group, so that an interrupt typed in a terminal reaches the parent alone and the
// parent decides when the engine stops.
func spawn(logPath, name string, args ...string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(name, args...), logPath: logPath, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = childAttributes()

	started := make(chan error, 1)
	go func() {
		defer log.Close()
		// The kernel ties the child's life to the thread that made it, not to the process: keep that thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in its log
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop asks the child to end and waits; a child that does not end in time is killed, which is an error. Stopping a child
// that is gone does nothing.
func (p *process) stop() error {
	if !p.running() {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only when the child is gone already
	select {
	case <-p.done:
		return nil
	case <-time.After(stopLimit):
		p.kill()
		return fmt.Errorf("%s did not stop within %s and was killed, see %s", p.cmd.Path, stopLimit, p.logPath)
	}
}

// kill ends the child with SIGKILL and waits until it is gone.
func (p *process) kill() {
	if p.running() {
		_ = p.cmd.Process.Kill() // fails only when the child is gone already
		<-p.done
	}
}

// lastWords is the last line of the log and where the rest is.
func (p *process) lastWords() string {
	log, _ := os.ReadFile(p.logPath)
	line := bytes.TrimSpace(log)
	if i := bytes.LastIndexByte(line, '\n'); i >= 0 {
		line = line[i+1:]
	}
	return fmt.Sprintf("%s (log: %s)", line, p.logPath)
}
