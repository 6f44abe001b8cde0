package clickhouse

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"syscall"
	"time"
)

// Dial makes of a dialer one whose connections bound each write as an insert is bounded. The client has no bound of its own while the rows of an
// insert are on their way: a server that stands still would hold the loader for ever.
func Dial(dial func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, addr string) (net.Conn, error) {
	return func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := dial(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		return bounded{conn, insertTimeout}, nil
	}
}

type bounded struct {
	net.Conn
	limit time.Duration
}

func (c bounded) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// SyscallConn lets the client look whether the server has closed an idle connection.
func (c bounded) SyscallConn() (syscall.RawConn, error) {
	inner := c.Conn
	if secured, ok := inner.(*tls.Conn); ok {
		inner = secured.NetConn()
	}
	if socket, ok := inner.(syscall.Conn); ok {
		return socket.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
