package lb

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
)

// A thousand callers, while instances come, go, move, drain and fail, and one
// stays: no call finds nobody, none arrives on a closed connection, and in the
// end everything is counted down and closed once.
func TestProperty3Churn(t *testing.T) {
	for name, cfg := range map[string]PoolConfig{"plain": {}, "all on": allOn(new(switches))} {
		t.Run(name, func(t *testing.T) { churn(t, cfg) })
	}
}

func churn(t *testing.T, cfg PoolConfig) {
	const callers, calls, changes = 1000, 20, 300
	f := &fleet{serve: map[string]endpoint.Endpoint{}}
	yield := func(context.Context, any) (any, error) { runtime.Gosched(); return nil, nil }
	for _, addr := range letters(30) {
		f.serve[addr] = yield
	}
	f.fail = func(string) error {
		if rand.IntN(10) == 0 {
			return errBroken
		}
		return nil
	}
	stay := sd.Instance{ID: "stay", Addr: "stay"}
	src := newSource(stay)
	cfg.MinBackoff, cfg.MaxBackoff = 1, 1
	p := NewPool(src, f.factory, cfg)
	if err := p.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}

	var wg sync.WaitGroup
	for _, b := range everyBalancer(p) {
		call := Endpoint(b)
		for range callers / len(everyBalancer(p)) {
			wg.Go(func() {
				for range calls {
					if _, err := call(t.Context(), nil); err != nil {
						t.Error(err)
						return
					}
					p.Nodes()
				}
			})
		}
	}
	nodes := map[*node]bool{}
	wg.Go(func() {
		for range changes {
			src.set(append(randomSet(), stay)...)
			for _, sl := range p.snap.Load().all {
				nodes[sl.node] = true
			}
			runtime.Gosched()
		}
	})
	wg.Wait()
	if err := p.Close(); err != nil {
		t.Error(err)
	}

	if f.late.Load() != 0 {
		t.Errorf("%d calls arrived on closed connections", f.late.Load())
	}
	for n := range nodes {
		if n.inflight.Load() != closed {
			t.Errorf("instance %s ends with %d calls in flight, want closed with none", n.id, n.calling())
		}
	}
	if _, closed := f.count("stay"); closed != 1 {
		t.Errorf("the one that stayed was closed %d times", closed)
	}
	t.Logf("%d connections seen", len(nodes))
}

// randomSet returns some of thirty addresses under some of thirty IDs, with
// duplicates, in any state and order.
func randomSet() []sd.Instance {
	var set []sd.Instance
	for range rand.IntN(20) {
		id, addr := rand.IntN(30), rand.IntN(30)
		if rand.IntN(4) > 0 {
			addr = id // most do not move
		}
		set = append(set, sd.Instance{
			ID:     letters(30)[id],
			Addr:   letters(30)[addr],
			Weight: rand.IntN(5),
			State:  sd.State(rand.IntN(4)),
		})
	}
	return set
}

// Who replaces all instances at once, as a rollout by colour does, finds the old
// ones called until the first of the new is connected, or none can be.
func TestASetReplacedAsAWholeLeavesNoGap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var refuse atomic.Value
		refuse.Store([]string(nil))
		f := &fleet{fail: func(addr string) error {
			if addr[0] != 'a' {
				time.Sleep(time.Second)
			}
			if slices.Contains(refuse.Load().([]string), addr) {
				return errBroken
			}
			return nil
		}}
		src := newSource(at("a1", "a2")...)
		p := start(t, src, f, PoolConfig{})
		b := NewRoundRobin(p)
		refuse.Store([]string{"b1"})
		src.set(at("b1", "b2")...)
		for range 20 {
			if _, err := Endpoint(b)(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		wantOffered(t, p, "b2")
		wantCount(t, f, "a1", 1, 1)
		refuse.Store([]string{"c1", "c2"})
		src.set(at("c1", "c2")...)
		time.Sleep(500 * time.Millisecond)
		wantOffered(t, p, "b2")
		time.Sleep(time.Second)
		if _, err := b.Endpoint(); !errors.Is(err, errBroken) {
			t.Errorf("when none of the new can be connected, the error is %v, want why", err)
		}
		src.set()
		synctest.Wait()
		if _, err := b.Endpoint(); !errors.Is(err, ErrNoEndpoints) {
			t.Errorf("of an empty set, the error is %v", err)
		}
	})
}
