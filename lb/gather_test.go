package lb

import (
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// While many connections are made, changes are gathered, but none waits for
// long: not the last one, and not those beside a dial that hangs.
func TestWhatIsConnectedIsSeenSoon(t *testing.T) {
	const n, every = gatherFrom + 50, 37 * time.Microsecond
	for name, hung := range map[string]int{"all connect": -1, "the first hangs": 0, "the last hangs": n - 1} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				after, release := map[string]time.Duration{}, make(chan struct{})
				all := numbered(n)
				for i, in := range all {
					after[in.Addr] = time.Duration(i+1) * every
				}
				began := time.Now()
				f := &fleet{fail: func(addr string) error {
					if hung >= 0 && addr == all[hung].Addr {
						<-release
						return errors.New("never")
					}
					time.Sleep(after[addr])
					return nil
				}}
				p := start(t, newSource(all...), f, PoolConfig{})
				defer close(release)
				for range n + 20 {
					time.Sleep(every)
					synctest.Wait()
					due := min(int((time.Since(began)-n*gatherEach)/every), n) // what was connected so long ago
					if hung == 0 || hung == n-1 && due == n {
						due--
					}
					if got := len(p.snap.Load().pickable); got < due {
						t.Fatalf("after %v, picks see %d instances, want at least %d", time.Since(began), got, due)
					}
				}
			})
		})
	}
}

// The first instance is there to be picked before the others are.
func TestTheFirstIsNotKeptBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, release := numbered(2*gatherFrom), make(chan struct{})
		p := start(t, newSource(all...), &fleet{fail: func(addr string) error {
			if addr != all[7].Addr {
				<-release
			}
			return nil
		}}, PoolConfig{})
		if got := len(p.snap.Load().pickable); got != 1 {
			t.Errorf("picks see %d instances, want the one that is connected", got)
		}
		close(release)
		synctest.Wait()
		if got := len(p.snap.Load().pickable); got != len(all) {
			t.Errorf("picks see %d instances after the last was connected, want all %d at once", got, len(all))
		}
	})
}

// A set that only adds an instance is nothing for picks to see until that one is
// connected; one that says the same again, never.
func TestNothingIsPublishedForNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		src := newSource(at("a", "b")...)
		p := start(t, src, &fleet{fail: func(addr string) error {
			if addr == "c" {
				<-release
			}
			return nil
		}}, PoolConfig{})
		before := p.snap.Load()
		src.set(at("a", "b")...)
		synctest.Wait()
		src.set(at("a", "b", "c")...)
		synctest.Wait()
		if p.snap.Load() != before {
			t.Error("there is a new snapshot, though nothing in it has changed")
		}
		close(release)
		synctest.Wait()
		if got := len(p.snap.Load().pickable); got != 3 {
			t.Errorf("picks see %d instances, want 3", got)
		}
	})
}

// What a pool remembers of an instance fits a kilobyte, beside its endpoint. It is
// counted when it is given back: what the runtime keeps of the goroutines that
// connected is not the pool's, and depends on how many of them ran at once.
func TestMemoryPerInstance(t *testing.T) {
	const n, bound = 10000, 1024
	src := newSource(numbered(n)...)
	p := NewPool(src, connectSilent, PoolConfig{})
	b := NewAdaptive(p, AdaptiveConfig{})
	p.until(n)
	if _, err := b.Endpoint(); err != nil {
		t.Error(err)
	}
	with := heap()
	runtime.KeepAlive(b)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if got := (int64(with) - int64(heap())) / n; got > bound || got < bound/8 {
		t.Errorf("an instance takes %d bytes, want at most %d and no less than its own state", got, bound)
	} else {
		t.Logf("an instance takes %d bytes", got)
	}
	runtime.KeepAlive(src)
}

// heap returns how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
