package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ClickHouse is one server in a child process: user default without password, database andon, reachable from this machine
// only. Methods are not for concurrent use; clients may come and go at any time.
type ClickHouse struct {
	dir, program, library         string
	tcpPort, httpPort, securePort int
	guard                         *ClickHouseGuard
	process                       *process
}

// ClickHouseGuard is what a server is guarded by, besides that user default comes from this machine only.
type ClickHouseGuard struct {
	CertFile, KeyFile string // PEM, of a further port for the native protocol over TLS
	Users             string // further users, as the XML elements of a users section
}

// StartClickHouse starts a server that stores everything under dir (made when missing) and returns when it answers a
// native ping. ctx bounds the start only. The caller stops it.
func StartClickHouse(ctx context.Context, dir string) (*ClickHouse, error) {
	return startClickHouse(ctx, dir, nil)
}

// StartGuardedClickHouse starts a server with a further port for TLS, and further users.
func StartGuardedClickHouse(ctx context.Context, dir string, guard ClickHouseGuard) (*ClickHouse, error) {
	return startClickHouse(ctx, dir, &guard)
}

func startClickHouse(ctx context.Context, dir string, guard *ClickHouseGuard) (*ClickHouse, error) {
	library, err := fetched("clickhouse")
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	program, err := childProgram()
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	c := &ClickHouse{dir: dir, program: program, library: filepath.Join(library, "libchdb.so"), tcpPort: ports[0], httpPort: ports[1], securePort: ports[2], guard: guard}
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// childProgram is andon-clickhouse beside the running program, as installed, else in the checkout's bin.
func childProgram() (string, error) {
	const name = "andon-clickhouse"
	path := find(filepath.Join("bin", name))
	if dir, err := programDir(); err == nil {
		if beside := filepath.Join(dir, name); exists(beside) {
			path = beside
		}
	}
	if !exists(path) {
		return "", fmt.Errorf("%w: no %s: run make engines", ErrMissing, path)
	}
	return path, nil
}

// Addr is where the native protocol is served, as host:port.
func (c *ClickHouse) Addr() string { return fmt.Sprintf("127.0.0.1:%d", c.tcpPort) }

// SecureAddr is where a guarded server serves the native protocol over TLS, as host:port.
func (c *ClickHouse) SecureAddr() string { return fmt.Sprintf("127.0.0.1:%d", c.securePort) }

// HTTPAddr is where the HTTP protocol is served, as host:port.
func (c *ClickHouse) HTTPAddr() string { return fmt.Sprintf("127.0.0.1:%d", c.httpPort) }

// Running says whether the server process is there.
func (c *ClickHouse) Running() bool { return c.process.running() }

// Stop ends the server in order and returns when it is gone.
func (c *ClickHouse) Stop() error { return c.process.stop() }

// Kill ends the server with SIGKILL and returns when it is gone. Every insert it has acknowledged is kept.
func (c *ClickHouse) Kill() { c.process.kill() }

// Restart starts the server again on the same directory and ports, stopping it first when it runs.
func (c *ClickHouse) Restart(ctx context.Context) error {
	if err := c.Stop(); err != nil {
		return err
	}
	return c.start(ctx)
}

func (c *ClickHouse) start(ctx context.Context) error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("clickhouse: data directory: %w", err)
	}
	args := []string{"-lib", c.library, "-dir", c.dir, "-tcp-port", fmt.Sprint(c.tcpPort), "-http-port", fmt.Sprint(c.httpPort)}
	if c.guard != nil {
		users := filepath.Join(c.dir, "further_users.xml")
		if err := os.WriteFile(users, []byte(c.guard.Users), 0o600); err != nil {
			return fmt.Errorf("clickhouse: users: %w", err)
		}
		args = append(args, "-users-file", users, "-secure-port", fmt.Sprint(c.securePort), "-cert-file", c.guard.CertFile, "-key-file", c.guard.KeyFile)
	}
	p, err := spawn(filepath.Join(c.dir, "clickhouse.log"), c.program, args...)
	if err != nil {
		return fmt.Errorf("clickhouse: start: %w", err)
	}
	c.process = p
	if err := await(ctx, c.process, c.ping); err != nil {
		c.Kill()
		return fmt.Errorf("clickhouse did not start on %s: %w", c.Addr(), err)
	}
	return nil
}

// ping connects anew each time, so that an answer is this server's.
func (c *ClickHouse) ping(ctx context.Context) error {
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{c.Addr()},
		Auth: clickhouse.Auth{Database: "andon", Username: "default"},
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Ping(ctx)
}
