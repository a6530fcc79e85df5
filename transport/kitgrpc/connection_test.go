package kitgrpc_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	kitsd "github.com/go-kit/kit/sd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// TestConnectionsAreWarm when the factory returns, or known to fail.
func TestConnectionsAreWarm(t *testing.T) {
	connect(t, start(t, same), func(cc *grpc.ClientConn) {
		if got := cc.GetState(); got != connectivity.Ready {
			t.Errorf("the connection is %v", got)
		}
	})
	l := listen(t)
	_ = l.Close()
	connect(t, l.Addr().String(), func(cc *grpc.ClientConn) {
		if got := cc.GetState(); got != connectivity.TransientFailure {
			t.Errorf("the connection to nobody is %v", got)
		}
	})
}

// TestPoolsSpareWhoLeaves as soon as one answer said so, with nothing from the
// registry.
func TestPoolsSpareWhoLeaves(t *testing.T) {
	var fixed kitsd.FixedInstancer
	servers := map[string]transport.Server{}
	for range 3 {
		l := listen(t)
		addr := l.Addr().String()
		s := newServer(l, func(context.Context, string) (string, error) { return addr, nil })
		serve(t, s, transport.Config{Propagation: -1})
		fixed, servers[addr] = append(fixed, addr), s
	}
	p := lb.NewPool(fixed, kitgrpc.Factory(saying), lb.PoolConfig{})
	defer p.Close()
	for all, _ := p.Endpoints(); len(all) < len(fixed); all, _ = p.Endpoints() {
		if t.Context().Err() != nil {
			t.Fatal("instances are missing")
		}
		time.Sleep(time.Millisecond)
	}
	call := lb.Endpoint(lb.NewRoundRobin(p))
	servers[fixed[0]].SetReady(false)
	told := 0
	for range 100 {
		who, err := call(t.Context(), "who?")
		if err != nil {
			t.Fatal(err)
		}
		if who == fixed[0] {
			told++
		}
	}
	if told != 1 {
		t.Errorf("of 100 calls %d went to the one that leaves, want the first to get there", told)
	}
}

// TestTooManyPings end a connection with grpc's GOAWAY, which says so.
func TestTooManyPings(t *testing.T) {
	c, err := net.Dial("tcp", start(t, same))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	settings := []byte{0, 0, 0, 4, 0, 0, 0, 0, 0}
	ping := append([]byte{0, 0, 8, 6, 0, 0, 0, 0, 0}, make([]byte, 8)...)
	hello := append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings...)
	// One is free, and two more than that are forgiven. What the server would not read may take its answer with it.
	if _, err := c.Write(append(hello, bytes.Repeat(ping, 4)...)); err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(c) // until the server hangs up, which may be a reset
	if !bytes.Contains(got, []byte("too_many_pings")) {
		t.Errorf("the server said %q", got)
	}
}
