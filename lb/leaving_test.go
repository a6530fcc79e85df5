package lb

import (
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// talker is a connection over which an instance can say that it leaves.
type talker struct {
	io.Closer

	leave func()
}

func (c *talker) OnDrain(f func()) { c.leave = f }

func TestWhoSaysThatItLeavesIsSpared(t *testing.T) {
	for name, guard := range map[string]func(string) (endpoint.Middleware, func() bool){
		"plain":   nil,
		"guarded": func(string) (endpoint.Middleware, func() bool) { return nil, func() bool { return true } },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f, src := &fleet{}, newSource(at("a", "b")...)
				conns := map[string]*talker{"a": {}, "b": {}}
				p := NewPool(src, func(addr string) (endpoint.Endpoint, io.Closer, error) {
					e, c, err := f.factory(addr)
					conns[addr].Closer = c
					return e, conns[addr], err
				}, PoolConfig{Guard: guard})
				defer p.Close()
				synctest.Wait()
				wantPicked := func(want int) {
					t.Helper()
					for name, b := range balancers(p) {
						if got := picks(t, Endpoint(b), 100); len(got) != want {
							t.Errorf("%s picked %v, want %d", name, got, want)
						}
					}
				}
				wantPicked(2)
				conns["a"].leave()
				conns["a"].leave() // every answer says so
				wantPicked(1)
				wantOffered(t, p, "b")
				if n := p.Nodes(); !n[0].Leaving || n[1].Leaving {
					t.Errorf("nodes: %+v", n)
				}
				conns["b"].leave()
				wantPicked(2) // rather one that leaves than nobody
				time.Sleep(believed)
				synctest.Wait()
				if n := p.Nodes(); n[0].Leaving || n[1].Leaving {
					t.Errorf("after %v, nodes: %+v", believed, n)
				}
				wantPicked(2)
				conns["b"].leave()
				wantPicked(1)
			})
		})
	}
}

// TestNobodyIsRememberedWhoHasLeft: a fleet that is deployed again and again would
// leave a goroutine behind for each instance.
func TestNobodyIsRememberedWhoHasLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := &fleet{}, newSource(at("a", "b")...)
		conns := map[string]*talker{"a": {}, "b": {}}
		p := NewPool(src, func(addr string) (endpoint.Endpoint, io.Closer, error) {
			e, c, err := f.factory(addr)
			conns[addr].Closer = c
			return e, conns[addr], err
		}, PoolConfig{})
		defer p.Close()
		synctest.Wait()
		before := runtime.NumGoroutine()
		conns["a"].leave()
		synctest.Wait()
		if n := runtime.NumGoroutine(); n <= before {
			t.Fatalf("%d goroutines, as many as before: this test looks for the wrong thing", n)
		}
		src.set(at("b")...)
		time.Sleep(believed / 2)
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%d goroutines, and %d before it left", n, before)
		}
	})
}
