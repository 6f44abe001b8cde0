// Command andon-clickhouse is a ClickHouse server on loopback for the demo and the tests: it loads libchdb and lets the
// engine inside it listen for the native and the HTTP protocol until SIGTERM or SIGINT.
//
// It is a program of its own because loading a C library makes a binary dynamically linked, and andon is a static one; and
// because a crash, a kill or a memory limit of the engine must not take the demo or the test down with it.
//
// User default has no password and is reachable from this machine only; further users come with -users-file, a port for TLS
// with -secure-port. The database to use is andon: the engine's own default database is no store but a view of the files in
// the working directory.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopBudget is how long the engine may take to close its tables after SIGTERM. Past it the process exits anyway: what
// was answered is on disk, as after a kill.
const stopBudget = 20 * time.Second

func main() {
	var s server
	flag.StringVar(&s.library, "lib", "", "path of libchdb.so")
	flag.StringVar(&s.dir, "dir", "", "data directory, made when missing")
	flag.IntVar(&s.tcpPort, "tcp-port", 9000, "native protocol port on 127.0.0.1")
	flag.IntVar(&s.httpPort, "http-port", 8123, "HTTP port on 127.0.0.1")
	flag.IntVar(&s.securePort, "secure-port", 0, "port of the native protocol over TLS on 127.0.0.1; none when 0")
	flag.StringVar(&s.certFile, "cert-file", "", "certificate of the secure port, PEM")
	flag.StringVar(&s.keyFile, "key-file", "", "its key, PEM")
	flag.StringVar(&s.usersFile, "users-file", "", "further users, as the XML elements of a users section")
	flag.IntVar(&s.memoryMB, "memory-mb", 3072, "memory limit of the engine in MiB")
	flag.Parse()
	if s.library == "" || s.dir == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "andon-clickhouse:", err)
		os.Exit(1)
	}
}

// run serves until a signal asks it to stop or the engine gives up.
func run(s server) error {
	signal.Ignore(syscall.SIGPIPE) // a client that vanishes in the middle of an answer is its own loss; the engine's threads see EPIPE
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)

	engine, err := load(s.library)
	if err != nil {
		return err
	}
	if err := s.listen(); err != nil {
		return err
	}
	args, err := s.prepare()
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- engine.serve(args) }()

	select {
	case err := <-done:
		return err
	case <-signals:
	}
	if err := s.stop(); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-time.After(stopBudget):
		return fmt.Errorf("the engine did not close its tables within %s", stopBudget)
	}
}
