package lb

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
)

// One dial that takes a minute delays no other instance, no change of the set
// and no caller.
func TestProperty12ASlowFactoryStallsNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := new(fleet)
		slow := func(addr string) (endpoint.Endpoint, io.Closer, error) {
			if addr == "slow" {
				time.Sleep(time.Minute)
			}
			return f.factory(addr)
		}
		src := newSource(at("a", "slow")...)
		p := NewPool(src, slow, PoolConfig{})
		defer p.Close()
		synctest.Wait()
		wantOffered(t, p, "a")
		src.set(at("a", "b", "slow")...)
		synctest.Wait()
		wantOffered(t, p, "a", "b")
		time.Sleep(time.Minute)
		synctest.Wait()
		wantOffered(t, p, "a", "b", "slow")
	})
}

func TestGoKitAFailedFactoryIsCalledAgain(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("boom") },
		"panic": func() error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var mu sync.Mutex // guards tries
				var tries []time.Time
				var told lines
				var good atomic.Bool
				f := &fleet{fail: func(string) error {
					mu.Lock()
					tries = append(tries, time.Now())
					mu.Unlock()
					if good.Load() {
						return nil
					}
					return fail()
				}}
				p := start(t, newSource(at("a")...), f, PoolConfig{Logger: &told, MinBackoff: time.Second, MaxBackoff: 8 * time.Second})
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				mu.Lock()
				seen := slices.Clone(tries)
				mu.Unlock()
				// The pause is 4 s on average, 8 s at most, and never longer.
				if n := len(seen); n < 75 || n > 600 {
					t.Errorf("%d tries in 10 minutes, want about 150", n)
				}
				for i, prev := range seen[:len(seen)-1] {
					if pause := seen[i+1].Sub(prev); pause > 8*time.Second+time.Nanosecond || i == 0 && pause > time.Second+time.Nanosecond {
						t.Errorf("pause %d was %v", i, pause)
					}
				}
				good.Store(true)
				time.Sleep(9 * time.Second)
				synctest.Wait()
				wantOffered(t, p, "a")
				if p.Nodes()[0].Err != nil {
					t.Error("an error is left behind")
				}
				if len(told.all) != 2 || !strings.Contains(told.all[0], "boom") || !strings.Contains(told.all[1], "connected after all") {
					t.Errorf("logged %q, want one line per change", told.all)
				}
			})
		})
	}
}

// lines is a logger that remembers.
type lines struct {
	mu  sync.Mutex
	all []string
}

var _ log.Logger = (*lines)(nil)

func (l *lines) Log(keyvals ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprint(keyvals...))
	return nil
}

// What a factory made for somebody who has left meanwhile is closed again.
func TestALateConnectionIsClosed(t *testing.T) {
	for name, after := range map[string][]sd.Instance{
		"removed":     nil,
		"draining":    {{ID: "a", Addr: "a", State: sd.Draining}},
		"new address": {{ID: "a", Addr: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := &fleet{fail: func(addr string) error {
					if addr == "a" {
						time.Sleep(time.Minute)
					}
					return nil
				}}
				src := newSource(at("a")...)
				p := NewPool(src, f.factory, PoolConfig{})
				defer p.Close()
				synctest.Wait()
				src.set(after...)
				time.Sleep(time.Minute)
				synctest.Wait()
				wantCount(t, f, "a", 1, 1)
				if name == "new address" {
					wantOffered(t, p, "b")
				}
			})
		})
	}
}

func TestComingAndGoingWhileConnecting(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &fleet{fail: func(string) error { time.Sleep(time.Minute); return nil }}
		src := newSource()
		p := NewPool(src, f.factory, PoolConfig{})
		defer p.Close()
		for range 5 {
			src.set(at("a")...)
			synctest.Wait()
			src.set()
			synctest.Wait()
		}
		src.set(at("a")...)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		wantOffered(t, p, "a")
		wantCount(t, f, "a", 6, 5)
	})
}

func TestWhatAFactoryMustNotReturn(t *testing.T) {
	closed := 0
	c := closerFunc(func() error { closed++; return errors.New("not closed") })
	for name, cfg := range map[string]struct {
		ep    endpoint.Endpoint
		guard func(string) (endpoint.Middleware, func() bool)
		want  string
	}{
		"no endpoint": {want: "the factory returned no endpoint\nnot closed"},
		"guard panics": {
			ep:    endpoint.Nop,
			guard: func(string) (endpoint.Middleware, func() bool) { panic("boom") },
			want:  "panic: boom\nnot closed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				closed = 0
				p := NewPool(newSource(at("a")...), func(string) (endpoint.Endpoint, io.Closer, error) { return cfg.ep, c, nil }, PoolConfig{Guard: cfg.guard})
				defer p.Close()
				synctest.Wait()
				if err := p.Nodes()[0].Err; fmt.Sprint(err) != cfg.want || closed != 1 {
					t.Errorf("error %q and closed %d times, want %q and once", err, closed, cfg.want)
				}
			})
		})
	}
}

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

// A set of a thousand connects in one go, and stays in order.
func TestGrpcManyConnectAtOnce(t *testing.T) {
	f := new(fleet)
	p := fixed(t, f, PoolConfig{}, letters(1000)...)
	if got := offered(t, p); !slices.Equal(got, letters(1000)) {
		t.Errorf("%d instances are offered, want all 1000 in order", len(got))
	}
}
