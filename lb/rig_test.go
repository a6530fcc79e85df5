package lb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/sd"
)

// source is an sd.Source that a test sets by hand.
type source struct {
	mu    sync.Mutex
	snap  sd.Snapshot
	newer chan struct{}
}

func newSource(all ...sd.Instance) *source {
	return &source{snap: sd.Snapshot{Instances: all, Synced: true}, newer: make(chan struct{})}
}

func (s *source) Snapshot() (sd.Snapshot, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap, s.newer
}

func (s *source) tell(snap sd.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snap = snap
	close(s.newer)
	s.newer = make(chan struct{})
}

func (s *source) set(all ...sd.Instance) { s.tell(sd.Snapshot{Instances: all, Synced: true}) }

func (s *source) Register(chan<- kitsd.Event)   { panic("a Source needs no channel") }
func (s *source) Deregister(chan<- kitsd.Event) { panic("a Source needs no channel") }
func (s *source) Stop()                         { panic("a pool does not stop its source") }

// at returns instances whose IDs and addresses are the same.
func at(addrs ...string) []sd.Instance { return named(addrs) }

// fleet makes connections and watches what becomes of them.
type fleet struct {
	serve map[string]endpoint.Endpoint // by address; answers with the address if there is none
	fail  func(addr string) error      // what the factory returns, after as long as it takes; nil: it never fails

	mu     sync.Mutex // guards made and closed
	made   map[string]int
	closed map[string]int
	late   atomic.Int64 // calls that arrived on a closed connection
}

func (f *fleet) factory(addr string) (endpoint.Endpoint, io.Closer, error) {
	f.mu.Lock()
	if f.made == nil {
		f.made, f.closed = map[string]int{}, map[string]int{}
	}
	f.made[addr]++
	f.mu.Unlock()
	if f.fail != nil {
		if err := f.fail(addr); err != nil {
			return nil, nil, err
		}
	}
	c := &conn{fleet: f, addr: addr}
	return c.call, c, nil
}

// count returns how often addr was connected, and closed.
func (f *fleet) count(addr string) (made, closed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.made[addr], f.closed[addr]
}

type conn struct {
	fleet *fleet
	addr  string
	over  atomic.Bool
}

func (c *conn) call(ctx context.Context, request any) (any, error) {
	if c.over.Load() {
		c.fleet.late.Add(1)
	}
	if serve := c.fleet.serve[c.addr]; serve != nil {
		return serve(ctx, request)
	}
	return c.addr, nil
}

func (c *conn) Close() error {
	c.over.Store(true)
	c.fleet.mu.Lock()
	defer c.fleet.mu.Unlock()
	c.fleet.closed[c.addr]++
	return nil
}

// bubble runs f on a clock of its own. What f starts must have ended with it.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// start returns a pool whose source has been heard, and closes it with the
// test. It is for bubbles.
func start(t *testing.T, src kitsd.Instancer, f *fleet, cfg PoolConfig) *Pool {
	t.Helper()
	p := NewPool(src, f.factory, cfg)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	synctest.Wait()
	return p
}

// fixed returns a connected pool over addrs, outside of a bubble.
func fixed(tb testing.TB, f *fleet, cfg PoolConfig, addrs ...string) *Pool {
	tb.Helper()
	p := NewPool(newSource(at(addrs...)...), f.factory, cfg)
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	for s := p.snap.Load(); len(s.pickable) < len(addrs); s = p.snap.Load() {
		<-s.replaced
	}
	return p
}

// nodeOf returns the node of an instance.
func nodeOf(tb testing.TB, p *Pool, id string) *node {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.members[id]; m != nil && m.node != nil {
		return m.node
	}
	tb.Fatalf("instance %s is not connected", id)
	return nil
}

// picks counts which instances answer n calls.
func picks(t *testing.T, call endpoint.Endpoint, n int) map[any]int {
	t.Helper()
	got := map[any]int{}
	for range n {
		who, err := call(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got[who]++
	}
	return got
}

// offered returns who answers through Endpoints, in order.
func offered(t *testing.T, p *Pool) []string {
	t.Helper()
	all, err := p.Endpoints()
	if err != nil {
		return nil
	}
	got := make([]string, len(all))
	for i, e := range all {
		who, err := e(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got[i] = who.(string)
	}
	return got
}

func wantOffered(t *testing.T, p *Pool, want ...string) {
	t.Helper()
	if got := offered(t, p); !slices.Equal(got, want) {
		t.Errorf("the pool offers %v, want %v", got, want)
	}
}

func wantCount(t *testing.T, f *fleet, addr string, made, closed int) {
	t.Helper()
	if m, c := f.count(addr); m != made || c != closed {
		t.Errorf("%s: connected %d times and closed %d times, want %d and %d", addr, m, c, made, closed)
	}
}

// wantErr reports whether err is target and says what.
func wantErr(t *testing.T, err, target error, what string) {
	t.Helper()
	if !errors.Is(err, target) || fmt.Sprint(err) != what {
		t.Errorf("error is %q, want %q which is %q", fmt.Sprint(err), what, target)
	}
}

// switches are guards that a test opens and closes.
type switches struct{ shut sync.Map }

var errShut = unsent("shut")

// unsent is an error that says that nothing was sent.
type unsent string

func (e unsent) Error() string { return string(e) }
func (e unsent) NotSent() bool { return true }

func (g *switches) guard(id string) (endpoint.Middleware, func() bool) {
	ready := func() bool { _, shut := g.shut.Load(id); return !shut }
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			if !ready() {
				return nil, errShut
			}
			return next(ctx, request)
		}
	}, ready
}

// set closes the guards of exactly ids.
func (g *switches) set(ids ...string) {
	g.shut.Clear()
	for _, id := range ids {
		g.shut.Store(id, true)
	}
}

// letters returns n different addresses in order.
func letters(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%c%03d", 'a'+i/100, i)
	}
	return all
}
