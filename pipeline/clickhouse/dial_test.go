package clickhouse

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// The other end takes nothing, as a server that stands still with full buffers.
func TestAWriteEndsWhenTheServerStandsStill(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	conn, err := Dial(func(context.Context, string, string) (net.Conn, error) { return near, nil })(t.Context(), "server:9000")
	if err != nil {
		t.Fatal(err)
	}
	if limit := conn.(bounded).limit; limit != insertTimeout {
		t.Errorf("a write may take %v, an insert %v", limit, insertTimeout)
	}
	_, err = bounded{near, time.Millisecond}.Write([]byte("row"))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the write ended with %v, want its deadline", err)
	}
}
