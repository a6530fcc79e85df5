package kitgrpc_test

import (
	"io"
	"net"
	"runtime"
	"testing"

	"google.golang.org/grpc"
)

// TestIdleConnectionsAreSmall: ten thousand of them must not be a gigabyte.
func TestIdleConnectionsAreSmall(t *testing.T) {
	const conns = 200
	used := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what is in pools goes with the second
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc + m.StackInuse)
	}
	each := func(addr string) int {
		before := used()
		for range conns {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"); err != nil {
				t.Fatal(err)
			}
			waitForAck(t, c)
		}
		return (used() - before) / conns
	}
	ours := each(start(t, same))
	l := listen(t)
	s := grpc.NewServer()
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	defer func() { s.Stop(); <-done }()
	bare := each(l.Addr().String())
	t.Logf("bytes per idle connection: %d, bare %d", ours, bare)
	if ours > 32<<10 {
		t.Errorf("an idle connection takes %d bytes, want less than a buffer of 32 KiB", ours)
	}
}

// waitForAck reads until the server has taken note of the client's settings.
func waitForAck(t *testing.T, c net.Conn) {
	t.Helper()
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(c, head); err != nil {
			t.Fatal(err)
		}
		size := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, c, size); err != nil {
			t.Fatal(err)
		}
		if head[3] == 4 && head[4] == 1 {
			return
		}
	}
}
