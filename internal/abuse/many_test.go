package abuse

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	kitsd "github.com/go-kit/kit/sd"
)

// TestTenThousandConnections has somebody open that many to a server, or as many
// as this machine lets one process have, and say nothing.
func TestTenThousandConnections(t *testing.T) {
	t.Parallel()
	s := start(t, newTrust(t), "addsvc", options{})
	calling(t, s)
	certs := s.trust.client(t, s.trust.issue(t, "caller", time.Hour))
	want := 10_000
	if n := files(t) - 2_000; n < want {
		t.Logf("this machine lets a process have %d files open: %d connections in place of %d", files(t), n, want)
		want = n
	}
	room := files(t) / 4 // what MaxConns is for the child, whose limit is ours
	for _, wire := range []struct {
		name, addr, other string
		factory, others   kitsd.Factory
	}{{"HTTP", s.http, s.grpc, overHTTP(certs), overGRPC(certs)}, {"gRPC", s.grpc, s.http, overGRPC(certs), overHTTP(certs)}} {
		c := crowd(t, wire.addr, want)
		t.Logf("%s: %d connections opened, %d refused by then", wire.name, len(c.conns), c.refused.Load())
		if err := try(t, wire.others, wire.other); err != nil {
			t.Errorf("%s: the other server of the process: %v", wire.name, err)
		}
		if room < want { // the server may not have looked at all of them yet
			eventually(t, wire.name+": some were refused", func() bool { return c.refused.Load() > 0 })
		}
		// There may be room again: whoever does not shake hands is not waited for.
		if err := try(t, wire.factory, wire.addr); err != nil {
			t.Logf("%s: a newcomer: %v", wire.name, err)
			unsent(t, wire.name+": a newcomer", err)
		}
		c.leave()
		deadline := time.Now().Add(hung)
		for err := errors.New("not yet"); err != nil; err = try(t, wire.factory, wire.addr) {
			if time.Now().After(deadline) {
				t.Fatalf("%s, when all were closed: %v", wire.name, err)
			}
		}
	}
	documented(t, "10,000 idle connections", "reset", "reset")
}

// idle is connections that say nothing.
type idle struct {
	conns   []net.Conn
	refused atomic.Int64 // reset, unlike those that the server closes since they say nothing
	readers sync.WaitGroup
}

func crowd(t *testing.T, addr string, n int) *idle {
	t.Helper()
	i := new(idle)
	for range n {
		c, err := net.DialTimeout("tcp", addr, hung)
		if err != nil {
			i.refused.Add(1) // before we saw it open
			continue
		}
		i.conns = append(i.conns, c)
		i.readers.Go(func() {
			if _, err := c.Read(make([]byte, 1<<10)); errors.Is(err, syscall.ECONNRESET) {
				i.refused.Add(1)
			}
		})
	}
	return i
}

func (i *idle) leave() {
	for _, c := range i.conns {
		_ = c.(*net.TCPConn).SetLinger(0) // and their ports are free at once
		_ = c.Close()
	}
	i.readers.Wait()
}

// files is how many files a process may have open.
func files(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	return int(min(limit.Cur, 1<<30))
}
