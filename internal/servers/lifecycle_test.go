package servers

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// kv is a client of a server, just enough to see whether it keeps its data.
// get returns "" for a key that is not there.
type kv struct {
	put func(ctx context.Context, addr, key, value string) error
	get func(ctx context.Context, addr, key string) (string, error)
}

// life takes a server through everything a test may do to it.
func life(t *testing.T, s *Server, c kv) {
	t.Helper()
	ctx, addr := t.Context(), s.Endpoint()
	put := func(value string) {
		t.Helper()
		if err := c.put(ctx, addr, "k", value); err != nil {
			t.Fatal(err)
		}
	}
	want := func(after, value string) {
		t.Helper()
		got, err := c.get(ctx, addr, "k")
		if err != nil || got != value {
			t.Fatalf("after %s: get = %q, %v; want %q", after, got, err, value)
		}
		if s.Endpoint() != addr {
			t.Fatalf("after %s: endpoint = %s; want %s as before", after, s.Endpoint(), addr)
		}
	}

	put("1")
	want("Put", "1")
	s.Kill()
	wantRefused(t, addr)
	s.Kill() // a second one has nothing to do
	s.Start()
	s.Start() // so has this
	want("Kill and Start", "1")

	put("2")
	s.Stop()
	wantRefused(t, addr)
	s.Start()
	want("Stop and Start", "2")

	s.Freeze()
	brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if v, err := c.get(brief, addr, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a frozen server answered %q, %v; want silence", v, err)
	}
	s.Thaw()
	want("Freeze and Thaw", "2")

	s.Freeze()
	s.Stop() // does not wait for a frozen one to notice
	s.Start()
	want("Freeze, Stop and Start", "2")

	s.Wipe()
	wantRefused(t, addr)
	s.Start()
	want("Wipe and Start", "")
	s.Freeze() // the cleanup ends a frozen one too
}

func wantRefused(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err == nil {
		err = c.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("dial %s: %v; want it refused", addr, err)
	}
}
