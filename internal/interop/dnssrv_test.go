package interop

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/kit/sd/dnssrv"
)

// zone is a DNS that has one name.
type zone struct {
	mu      sync.Mutex // guards the fields below
	records []*net.SRV
	err     error
	asked   chan struct{} // closed and replaced at every lookup
}

func (z *zone) lookup(_, _, _ string) (string, []*net.SRV, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	close(z.asked)
	z.asked = make(chan struct{})
	return "", z.records, z.err
}

// set changes what is looked up, and returns when the new has been twice: the
// first answer has then been taken in.
func (z *zone) set(t *testing.T, err error, addrs ...string) {
	t.Helper()
	z.mu.Lock()
	z.err, z.records = err, nil
	for _, addr := range addrs {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		z.records = append(z.records, &net.SRV{Target: host, Port: uint16(n)})
	}
	z.mu.Unlock()
	for range 2 {
		z.mu.Lock()
		asked := z.asked
		z.mu.Unlock()
		<-asked
	}
}

func TestDNS(t *testing.T) {
	t.Parallel()
	a, b, gone := replica(t), replica(t), errors.New("server misbehaving")
	z := &zone{asked: make(chan struct{}), err: gone}
	instances := dnssrv.NewInstancerDetailed("addsvc.test", time.NewTicker(time.Millisecond), z.lookup, logger(t))
	t.Cleanup(instances.Stop)
	c := clientOf(t, instances)

	z.set(t, nil, a, b)
	c.becomes(a, b)
	z.set(t, nil, b)
	c.becomes(b)
	z.set(t, gone)
	c.served(b) // what is known stays
	z.set(t, nil, a)
	c.becomes(a)
}

// TestDNSWithoutAnAnswer says so to the caller.
func TestDNSWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	gone := errors.New("server misbehaving")
	z := &zone{asked: make(chan struct{}), err: gone}
	instances := dnssrv.NewInstancerDetailed("addsvc.test", time.NewTicker(time.Hour), z.lookup, logger(t))
	t.Cleanup(instances.Stop)
	c := clientOf(t, instances)
	for {
		_, err := c.call(t.Context(), nil)
		if errors.Is(err, gone) {
			return
		}
		if err == nil {
			t.Fatal("somebody answered")
		}
	}
}
