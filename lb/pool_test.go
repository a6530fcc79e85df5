package lb

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kitgen/kitgen/sd"
)

func TestNoEndpointsSaysWhy(t *testing.T) {
	boom := errors.New("boom")
	leaving := sd.Instance{ID: "a", State: sd.Draining}
	for _, c := range []struct {
		name string
		snap sd.Snapshot
		is   error
		want string
	}{
		{"not synced", sd.Snapshot{}, kitlb.ErrNoEndpoints, "not synced yet: the source of instances has not answered"},
		{"never synced", sd.Snapshot{Err: boom}, boom, "not synced yet: the source of instances has not answered: boom"},
		{"stale", sd.Snapshot{Synced: true, Err: boom}, boom, "the source is stale: boom"},
		{"none", sd.Snapshot{Synced: true}, kitlb.ErrNoEndpoints, "no instance is registered"},
		{"leaving", sd.Snapshot{Synced: true, Instances: []sd.Instance{leaving}}, kitlb.ErrNoEndpoints, "1 known, all of them leaving"},
		{"unreachable", sd.Snapshot{Synced: true, Instances: at("bad", "worse")}, boom, "2 known, none connected: connect to worse: boom"},
		{"slow", sd.Snapshot{Synced: true, Instances: at("slow")}, kitlb.ErrNoEndpoints, "1 known, none connected yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := &fleet{fail: func(addr string) error {
					if addr == "slow" {
						time.Sleep(time.Second)
					}
					return boom
				}}
				src := newSource()
				src.tell(c.snap)
				p := start(t, src, f, PoolConfig{})
				for name, get := range map[string]func() error{
					"Endpoints":  func() error { _, err := p.Endpoints(); return err },
					"RoundRobin": func() error { _, err := NewRoundRobin(p).Endpoint(); return err },
					"Random":     func() error { _, err := NewRandom(p).Endpoint(); return err },
					"Adaptive":   func() error { _, err := NewAdaptive(p, AdaptiveConfig{}).Pick(t.Context()); return err },
					"go-kit":     func() error { _, err := kitlb.NewRoundRobin(p).Endpoint(); return err },
				} {
					err := get()
					wantErr(t, err, c.is, "no endpoints available: "+c.want)
					if !errors.Is(err, kitlb.ErrNoEndpoints) || !notSent(err) {
						t.Errorf("%s: %v: want ErrNoEndpoints, not sent", name, err)
					}
				}
			})
		})
	}
}

func TestAnErrorOfTheSourceRemovesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := &fleet{}, newSource(at("a", "b")...)
		p := start(t, src, f, PoolConfig{})
		src.tell(sd.Snapshot{Instances: at("a", "b"), Synced: true, Err: errors.New("etcd is gone")})
		synctest.Wait()
		wantOffered(t, p, "a", "b")
	})
}

func TestNodesSurviveMembershipChanges(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := &fleet{}, newSource(at("b")...)
		p := start(t, src, f, PoolConfig{})
		n := nodeOf(t, p, "b")
		n.latency.store(42)
		for _, others := range [][]sd.Instance{at("a", "b", "c"), at("b", "c"), {{ID: "b", Addr: "b", Weight: 7, Zone: "z"}}} {
			src.set(others...)
			synctest.Wait()
			if nodeOf(t, p, "b") != n {
				t.Fatalf("instance b lost its node when the set became %v", others)
			}
		}
		wantCount(t, f, "b", 1, 0)
		wantCount(t, f, "a", 1, 1)
		wantCount(t, f, "c", 1, 1)
		if got := p.Nodes()[0]; got.Weight != 7 || got.Zone != "z" || got.Latency != 42 {
			t.Errorf("Nodes() = %+v, want the new weight and zone with the old latency", got)
		}
	})
}

func TestOnlyWhoTakesCallsIsPicked(t *testing.T) {
	for state, want := range map[sd.State][]string{
		sd.Up: {"a", "b"}, sd.Warning: {"a", "b"}, sd.Draining: {"b"}, sd.Critical: {"b"},
	} {
		bubble(t, func(t *testing.T) {
			f, src := &fleet{}, newSource(at("a", "b")...)
			p := start(t, src, f, PoolConfig{})
			src.set(sd.Instance{ID: "a", Addr: "a", State: state}, at("b")[0])
			synctest.Wait()
			wantOffered(t, p, want...)
			for name, b := range balancers(p) {
				if got := picks(t, Endpoint(b), 100); len(got) != len(want) {
					t.Errorf("%s in state %d picked %v, want %v", name, state, got, want)
				}
			}
			src.set(at("a", "b")...)
			synctest.Wait()
			wantOffered(t, p, "a", "b")
			wantCount(t, f, "a", 1, 0) // it stayed connected
		})
	}
}

func TestADrainingInstanceIsNotConnectedFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := &fleet{}, newSource(sd.Instance{ID: "a", Addr: "a", State: sd.Draining})
		p := start(t, src, f, PoolConfig{})
		wantCount(t, f, "a", 0, 0)
		src.set(at("a")...)
		synctest.Wait()
		wantOffered(t, p, "a")
	})
}

func TestANewAddressIsANewNode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		guarded := 0
		f := &fleet{fail: func(addr string) error {
			if addr == "new" {
				time.Sleep(time.Second)
			}
			return nil
		}}
		src := newSource(sd.Instance{ID: "i", Addr: "old"})
		p := start(t, src, f, PoolConfig{Guard: func(id string) (endpoint.Middleware, func() bool) {
			if guarded++; id != "i" {
				t.Errorf("guard made for %q, want the instance's ID", id)
			}
			return nil, nil
		}})
		nodeOf(t, p, "i").answered(true)

		src.set(sd.Instance{ID: "i", Addr: "new"})
		synctest.Wait()
		wantOffered(t, p, "old") // until the new connection is there
		time.Sleep(time.Second)
		synctest.Wait()
		wantOffered(t, p, "new")
		wantCount(t, f, "old", 1, 1)
		if s := p.Nodes()[0]; s.Success != 1 || guarded != 2 {
			t.Errorf("success %v and %d guards made, want a fresh start with a guard of its own", s.Success, guarded)
		}

		src.set(sd.Instance{ID: "i", Addr: "newer"})
		src.set(sd.Instance{ID: "i", Addr: "new"}) // whether or not the pool saw the one in between
		time.Sleep(time.Second)
		synctest.Wait()
		wantOffered(t, p, "new")
	})
}

func TestProperty6DuplicatesAreOne(t *testing.T) {
	for name, set := range map[string][]sd.Instance{
		"same":    {{ID: "a", Addr: "a"}, {ID: "a", Addr: "a"}, {ID: "b", Addr: "b"}},
		"no ID":   {{Addr: "b"}, {Addr: "a"}, {Addr: "a"}},
		"address": {{ID: "1", Addr: "a", State: sd.Draining}, {ID: "2", Addr: "a"}, {ID: "3", Addr: "b"}, {ID: "4", Addr: "b"}},
		"ID":      {{ID: "1", Addr: "a"}, {ID: "1", Addr: "x", State: sd.Critical}, {ID: "2", Addr: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f, src := &fleet{}, newSource(set...)
				p := start(t, src, f, PoolConfig{})
				wantOffered(t, p, "a", "b")
				for range 10 { // go-kit's cache connects anew every time
					src.set(set...)
					synctest.Wait()
				}
				src.set()
				synctest.Wait()
				wantCount(t, f, "a", 1, 1)
				wantCount(t, f, "b", 1, 1)
				wantCount(t, f, "x", 0, 0)
			})
		})
	}
}

func TestFixedInstancerIsLeftAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, src := &fleet{}, kitsd.FixedInstancer{"b", "a", "b"}
		wantOffered(t, start(t, src, f, PoolConfig{}), "a", "b")
		wantOffered(t, start(t, src, &fleet{}, PoolConfig{}), "a", "b")
		if !slices.Equal(src, []string{"b", "a", "b"}) {
			t.Errorf("the pool changed the instancer's own slice to %v", src)
		}
	})
}

func TestWaitReady(t *testing.T) {
	bubble(t, func(t *testing.T) {
		src := newSource(sd.Instance{ID: "a", Addr: "a", State: sd.Critical})
		p := start(t, src, &fleet{}, PoolConfig{})

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.WaitReady(ctx)
		wantErr(t, err, context.DeadlineExceeded, "wait for an instance: all are critical or leave: context deadline exceeded")
		src.set()
		synctest.Wait()
		err = p.WaitReady(ctx)
		wantErr(t, err, ErrNoEndpoints, "wait for an instance: context deadline exceeded: no endpoints available: no instance is registered")

		time.AfterFunc(time.Minute, func() { src.set(at("a")...) })
		if err := p.WaitReady(t.Context()); err != nil {
			t.Error(err)
		}
		wantOffered(t, p, "a")

		src.set()
		synctest.Wait()
		time.AfterFunc(time.Minute, func() { p.Close() })
		wantErr(t, p.WaitReady(t.Context()), ErrNoEndpoints, "no endpoints available: the pool is closed")
	})
}

func TestNodesForPeople(t *testing.T) {
	bubble(t, func(t *testing.T) {
		boom, refused := errors.New("boom"), errors.New("refused")
		hang := make(chan struct{})
		var g switches
		f := &fleet{
			fail: func(addr string) error {
				if addr == "c" {
					return refused
				}
				return nil
			},
			serve: map[string]endpoint.Endpoint{
				"a": func(context.Context, any) (any, error) { time.Sleep(time.Millisecond); return nil, nil },
				"b": func(context.Context, any) (any, error) { <-hang; return nil, boom },
			},
		}
		p := start(t, newSource(at("c", "a", "b")...), f, PoolConfig{Guard: g.guard})
		all, _ := p.Endpoints()
		all[0](t.Context(), nil)
		go all[1](t.Context(), nil)
		synctest.Wait()
		g.set("b")
		want := []NodeStats{
			{Instance: at("a")[0], Connected: true, Ready: true, Calls: 1, Latency: time.Millisecond, Success: 1},
			{Instance: at("b")[0], Connected: true, InFlight: 1, Success: 1},
			{Instance: at("c")[0], Err: refused, Success: 1},
		}
		if diff := cmp.Diff(want, p.Nodes(), cmpopts.EquateErrors()); diff != "" {
			t.Errorf("Nodes (-want +got):\n%s", diff)
		}
		close(hang)
		synctest.Wait()
		want[1] = NodeStats{Instance: at("b")[0], Connected: true, Calls: 1, Failures: 1, Success: 0.9}
		if diff := cmp.Diff(want, p.Nodes(), cmpopts.EquateErrors()); diff != "" {
			t.Errorf("Nodes (-want +got):\n%s", diff)
		}
	})
}

func TestAPoolWithoutSourceOrFactorySaysSo(t *testing.T) {
	for what, p := range map[string]*Pool{
		"nil Instancer": NewPool(nil, new(fleet).factory, PoolConfig{}),
		"no factory":    NewPool(newSource(at("a")...), nil, PoolConfig{}),
	} {
		for kind, b := range balancers(p) {
			if _, err := b.Endpoint(); !errors.Is(err, ErrNoEndpoints) || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: error is %v, want one that says %q", kind, err, what)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestABalancerOverNoSetSaysSo(t *testing.T) {
	probing := NewProbing(nil, ProbingConfig{})
	defer probing.Close()
	all := []kitlb.Balancer{
		NewRoundRobin(nil), NewRandom(nil), NewWeightedRoundRobin(nil), NewWeightedRandom(nil), NewLeastRequest(nil, LeastRequestConfig{}),
		NewPeakEWMA(nil, PeakEWMAConfig{}), NewAdaptive(nil, AdaptiveConfig{}), NewMaglev(nil), NewRing(nil, RingConfig{}), NewRendezvous(nil),
		probing, NewAdaptive(Where(nil, "in no zone", Zone("")), AdaptiveConfig{}),
	}
	for _, b := range all {
		if _, err := b.Endpoint(); !errors.Is(err, ErrNoEndpoints) || !errors.Is(err, errNoSet) {
			t.Errorf("%T: error is %v, want one that says that there is no set", b, err)
		}
	}
}

func TestPoolConfigDefaults(t *testing.T) {
	got := PoolConfig{MinBackoff: -1, MaxBackoff: -1}.withDefaults()
	if got.MinBackoff <= 0 || got.MaxBackoff < got.MinBackoff {
		t.Errorf("negative pauses become %v and %v, want no busy loop", got.MinBackoff, got.MaxBackoff)
	}
	got = PoolConfig{}.withDefaults()
	if got.DrainTimeout != 30*time.Second || got.MinBackoff != 100*time.Millisecond || got.MaxBackoff != 10*time.Second || got.Classify == nil || got.Logger == nil {
		t.Errorf("defaults are %+v", got)
	}
}

// balancers returns one of each kind over p.
func balancers(p *Pool) map[string]kitlb.Balancer {
	return map[string]kitlb.Balancer{
		"round robin":      NewRoundRobin(p),
		"random":           NewRandom(p),
		"adaptive":         NewAdaptive(p, AdaptiveConfig{}),
		"adaptive, 2 of n": NewAdaptive(p, AdaptiveConfig{Choices: 2}),
		"adaptive, of all": NewAdaptive(p, AdaptiveConfig{Choices: 1000}),
		"least request":    NewLeastRequest(p, LeastRequestConfig{}),
		"least of two":     NewLeastRequest(p, LeastRequestConfig{Choices: 2}),
	}
}
