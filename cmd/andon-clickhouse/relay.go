package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
)

// listen takes the public ports of the native protocol and relays their connections to the engine, which listens on a port of its own: the library
// aborts the whole process when a client's connection is reset, as happens when a client is killed. Behind the relay every client hangs up in
// order. The secure port's TLS ends in the relay too: the library has no listener for it.
func (s *server) listen() error {
	public, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.tcpPort))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	engine := inner.Addr().String()
	s.enginePort = inner.Addr().(*net.TCPAddr).Port
	if err := inner.Close(); err != nil { // free for the engine
		return fmt.Errorf("listen: %w", err)
	}
	go accept(public, engine)
	if s.securePort == 0 {
		return nil
	}
	certificate, err := tls.LoadX509KeyPair(s.certFile, s.keyFile)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	secure, err := tls.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.securePort), &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	go accept(secure, engine)
	return nil
}

// accept relays each connection of a public port until the process ends.
func accept(public net.Listener, engine string) {
	for {
		client, err := public.Accept()
		if err != nil {
			return
		}
		go relay(client, engine)
	}
}

// unexpectedPacket is how a server answers who does not begin with a hello: exception 101. The library says it too, but then aborts.
const unexpectedPacket = "\x02\x65\x00\x00\x00\x0dDB::Exception\x1dUnexpected packet from client\x00\x00"

// relay passes bytes both ways until the engine has hung up. A client that vanished is to the engine one that has no more to say.
func relay(client net.Conn, engine string) {
	defer client.Close()
	first := make([]byte, 4096)
	n, err := client.Read(first)
	if err != nil {
		return
	}
	if first[0] != 0 {
		_, _ = io.WriteString(client, unexpectedPacket)
		return
	}
	conn, err := net.Dial("tcp", engine)
	if err != nil {
		return // not up yet; the client tries again
	}
	defer conn.Close()
	go func() {
		_, err := conn.Write(first[:n])
		if err == nil {
			_, _ = io.Copy(conn, client)
		}
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	if _, err := io.Copy(client, conn); err != nil {
		_, _ = io.Copy(io.Discard, conn) // hanging up on unread bytes would be a reset again
	}
}
