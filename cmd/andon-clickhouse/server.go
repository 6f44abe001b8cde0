package main

import (
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

//go:embed config.xml
var configText string

//go:embed users.xml
var usersText string

// script keeps the engine up: listen, then sleep in rows of three seconds for longer than any run lasts. Ending the last
// query ends the server.
const script = `CREATE DATABASE IF NOT EXISTS andon ENGINE = Atomic;
SYSTEM START LISTEN TCP;
SYSTEM START LISTEN HTTP;
SELECT sleepEachRow(3) FROM numbers(1000000000)
SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null`

// server is what the flags say.
type server struct {
	library  string // path of libchdb
	dir      string // holds config.xml, users.xml, data/ and the empty working directory
	tcpPort  int
	httpPort int
	memoryMB int // MiB

	securePort        int // of the native protocol over TLS; 0: none
	certFile, keyFile string
	usersFile         string // further users; none when empty

	enginePort int // of the engine's native protocol, behind the relays at tcpPort and securePort
}

// prepare writes the engine's configuration and returns its command line. It moves the process into an empty directory:
// whatever stands in the working directory would be readable as a table of the default database.
func (s server) prepare() ([]string, error) {
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	config, users := filepath.Join(dir, "config.xml"), filepath.Join(dir, "users.xml")
	// Dying between these writes leaves files the next start writes again.
	if err := s.write(config, configText, map[string]any{
		"Dir": dir, "Users": users, "TCPPort": s.enginePort, "HTTPPort": s.httpPort, "MemoryBytes": s.memoryMB << 20,
	}); err != nil {
		return nil, err
	}
	var further []byte
	if s.usersFile != "" {
		if further, err = os.ReadFile(s.usersFile); err != nil {
			return nil, fmt.Errorf("users: %w", err)
		}
	}
	if err := s.write(users, usersText, map[string]any{"Users": string(further)}); err != nil {
		return nil, err
	}
	if err := os.Chdir(work); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return []string{
		"clickhouse", "--multiquery", "--log-level=warning", "--config-file=" + config, "--path=" + filepath.Join(dir, "data"), "--query=" + script,
	}, nil
}

func (s server) write(path, text string, values map[string]any) error {
	t, err := template.New(filepath.Base(path)).Parse(text)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, values); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return nil
}

// stop ends all queries, the script's last one among them, after which the engine closes its tables and serve returns.
func (s server) stop() error {
	const kill = "KILL QUERY WHERE query_id != queryID() ASYNC"
	client := http.Client{Timeout: 5 * time.Second}
	reply, err := client.Post(fmt.Sprintf("http://127.0.0.1:%d/", s.httpPort), "text/plain", strings.NewReader(kill))
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(reply.Body, 1024))
		return fmt.Errorf("stop: %s: %s", reply.Status, text)
	}
	return nil
}
