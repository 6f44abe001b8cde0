package main

import (
	"fmt"
	"io"
	"net"
)

// listen takes the public port of the native protocol and relays its connections to the engine, which listens on a port of its own: the library
// aborts the whole process when a client's connection is reset, as happens when a client is killed. Behind the relay every client hangs up in
// order.
func (s *server) listen() error {
	public, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.tcpPort))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.enginePort = inner.Addr().(*net.TCPAddr).Port
	if err := inner.Close(); err != nil { // free for the engine
		return fmt.Errorf("listen: %w", err)
	}
	go func() {
		for {
			client, err := public.Accept()
			if err != nil {
				return // the process ends
			}
			go relay(client.(*net.TCPConn), fmt.Sprintf("127.0.0.1:%d", s.enginePort))
		}
	}()
	return nil
}

// relay passes bytes both ways until the engine has hung up. A client that vanished is to the engine one that has no more to say.
func relay(client *net.TCPConn, engine string) {
	defer client.Close()
	conn, err := net.Dial("tcp", engine)
	if err != nil {
		return // not up yet; the client tries again
	}
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, client)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	if _, err := io.Copy(client, conn); err != nil {
		_, _ = io.Copy(io.Discard, conn) // hanging up on unread bytes would be a reset again
	}
}
