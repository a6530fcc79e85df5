package lb

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// hanging returns an endpoint that waits for the channel.
func hanging(until <-chan struct{}) endpoint.Endpoint {
	return func(context.Context, any) (any, error) { <-until; return "done", nil }
}

func TestGoKitARemovedInstanceIsDrained(t *testing.T) {
	bubble(t, func(t *testing.T) {
		until := make(chan struct{})
		f := &fleet{serve: map[string]endpoint.Endpoint{"a": hanging(until)}}
		src := newSource(at("a", "b")...)
		p := start(t, src, f, PoolConfig{})
		all, _ := p.Endpoints()
		for range 3 {
			go all[0](t.Context(), nil)
		}
		synctest.Wait()
		src.set(at("b")...)
		synctest.Wait()
		wantOffered(t, p, "b")
		time.Sleep(29 * time.Second)
		wantCount(t, f, "a", 1, 0)
		until <- struct{}{}
		until <- struct{}{}
		synctest.Wait()
		wantCount(t, f, "a", 1, 0)
		close(until)
		synctest.Wait()
		wantCount(t, f, "a", 1, 1)
	})
}

func TestDrainingEnds(t *testing.T) {
	for _, c := range []struct{ timeout, want time.Duration }{{0, 30 * time.Second}, {time.Second, time.Second}, {-1, 0}} {
		bubble(t, func(t *testing.T) {
			until := make(chan struct{})
			f := &fleet{serve: map[string]endpoint.Endpoint{"a": hanging(until)}}
			var told lines
			src := newSource(at("a")...)
			p := start(t, src, f, PoolConfig{DrainTimeout: c.timeout, Logger: &told})
			all, _ := p.Endpoints()
			go all[0](t.Context(), nil)
			synctest.Wait()
			n := nodeOf(t, p, "a")
			src.set()
			if c.want > 0 {
				time.Sleep(c.want - 1)
				synctest.Wait()
				wantCount(t, f, "a", 1, 0)
				time.Sleep(time.Nanosecond)
			}
			synctest.Wait()
			wantCount(t, f, "a", 1, 1)
			if c.want == 0 { // nobody wanted to wait
				if len(told.all) != 0 {
					t.Errorf("logged %q", told.all)
				}
			} else if len(told.all) != 1 || !strings.Contains(told.all[0], "1 calls in flight after "+c.want.String()) {
				t.Errorf("logged %q", told.all)
			}
			if got := n.calling(); got != 1 {
				t.Errorf("%d calls in flight, want the one that hangs", got)
			}
			close(until)
			synctest.Wait()
			if got := n.calling(); got != 0 {
				t.Errorf("%d calls in flight at the end", got)
			}
		})
	}
}

// An endpoint that was picked before its instance left and is called after it
// was closed does not reach the connection.
func TestACallAfterTheEndIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := new(fleet), newSource(at("a")...)
		p := start(t, src, f, PoolConfig{})
		offers, _ := p.Endpoints()
		picked, _ := NewRandom(p).Endpoint()
		n := nodeOf(t, p, "a")
		src.set()
		synctest.Wait()
		for _, e := range []endpoint.Endpoint{offers[0], picked, n.force} {
			_, err := e(t.Context(), nil)
			if err == nil || err.Error() != "instance a: left before the call began" || !notSent(err) {
				t.Errorf("error %v, want a refusal that was not sent", err)
			}
		}
		if n.calling() != 0 || f.late.Load() != 0 {
			t.Errorf("%d calls in flight, %d reached the closed connection", n.calling(), f.late.Load())
		}
	})
}

// An instance that comes back while its old connection drains is new.
func TestBackBeforeDrained(t *testing.T) {
	bubble(t, func(t *testing.T) {
		until := make(chan struct{})
		f := &fleet{serve: map[string]endpoint.Endpoint{"a": hanging(until)}}
		src := newSource(at("a")...)
		p := start(t, src, f, PoolConfig{})
		all, _ := p.Endpoints()
		go all[0](t.Context(), nil)
		synctest.Wait()
		src.set()
		synctest.Wait()
		src.set(at("a")...)
		synctest.Wait()
		wantCount(t, f, "a", 2, 0)
		if got := nodeOf(t, p, "a").calling(); got != 0 {
			t.Errorf("the new node inherits %d calls", got)
		}
		close(until)
		synctest.Wait()
		wantCount(t, f, "a", 2, 1)
	})
}

func TestCloseWaitsForCalls(t *testing.T) {
	bubble(t, func(t *testing.T) {
		until := make(chan struct{})
		f := &fleet{serve: map[string]endpoint.Endpoint{"a": hanging(until)}}
		p := start(t, newSource(at("a", "b")...), f, PoolConfig{})
		all, _ := p.Endpoints()
		go all[0](t.Context(), nil)
		synctest.Wait()
		time.AfterFunc(time.Second, func() { close(until) })
		began := time.Now()
		go p.Close()
		synctest.Wait()
		_, err := p.Endpoints()
		wantErr(t, err, ErrNoEndpoints, "no endpoints available: the pool is closed")
		if err := p.Close(); err != nil || time.Since(began) != time.Second {
			t.Errorf("the second Close returned %v after %v, want to wait for the first", err, time.Since(began))
		}
		wantCount(t, f, "a", 1, 1)
		wantCount(t, f, "b", 1, 1)
		if len(p.Nodes()) != 0 {
			t.Error("nodes are left")
		}
	})
}

func TestCloseSaysWhatWentWrong(t *testing.T) {
	bubble(t, func(t *testing.T) {
		until := make(chan struct{})
		boom := errors.New("boom")
		p := NewPool(newSource(at("a", "b", "c", "d")...), func(addr string) (endpoint.Endpoint, io.Closer, error) {
			return hanging(until), map[string]io.Closer{
				"a": closerFunc(func() error { return boom }),
				"b": closerFunc(func() error { panic("boom") }),
				"c": closerFunc(func() error { return nil }),
			}[addr], nil
		}, PoolConfig{DrainTimeout: time.Second})
		synctest.Wait()
		all, _ := p.Endpoints()
		go all[2](t.Context(), nil)
		synctest.Wait()
		err := p.Close()
		for _, want := range []string{"close pool: ", "instance a: boom", "instance b: close: panic: boom", "instance c: 1 calls in flight after 1s"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
		}
		if !errors.Is(err, boom) || err != p.Close() {
			t.Error("want the closer's error inside, and the same again")
		}
		close(until)
	})
}

// Somebody else's code that hangs does not hang Close for ever.
func TestCloseIsBounded(t *testing.T) {
	for name, hang := range map[string]struct{ factory, closer bool }{"factory": {true, false}, "closer": {false, true}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				until := make(chan struct{})
				p := NewPool(newSource(at("a")...), func(string) (endpoint.Endpoint, io.Closer, error) {
					if hang.factory {
						<-until
					}
					return endpoint.Nop, closerFunc(func() error {
						if hang.closer {
							<-until
						}
						return nil
					}), nil
				}, PoolConfig{DrainTimeout: time.Second})
				synctest.Wait()
				began := time.Now()
				err := p.Close()
				if err == nil || !strings.Contains(err.Error(), "gave up after 6s") || time.Since(began) != 6*time.Second {
					t.Errorf("error %v after %v", err, time.Since(began))
				}
				close(until)
			})
		})
	}
}

func TestNothingHappensAfterClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := new(fleet), newSource()
		p := start(t, src, f, PoolConfig{})
		p.Close()
		p.apply(at("a"), nil)
		p.stale(errors.New("boom"))
		synctest.Wait()
		wantCount(t, f, "a", 0, 0)
		_, err := p.Endpoints()
		wantErr(t, err, errClosed, "no endpoints available: the pool is closed")
	})
}
