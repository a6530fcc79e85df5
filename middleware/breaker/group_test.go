package breaker_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/breaker"
)

func TestCircuitsThroughAllStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, breaker.Config{SlowCall: time.Second, ProbeLease: 3 * time.Second})
		made := time.Now()
		want := func(when string, want breaker.Status) {
			t.Helper()
			want.Instance = "a:1"
			if diff := cmp.Diff(want, r.status()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
			if name := r.group.State("a:1"); name != want.State.String() {
				t.Errorf("%s: State = %q", when, name)
			}
		}
		want("new", breaker.Status{Since: made})
		r.run(3, nil)
		r.run(3, errDown)
		r.runFor(1, 2*time.Second, nil)
		want("after calls", breaker.Status{Since: made, Successes: 4, Failures: 3, Slow: 1})
		time.Sleep(20 * time.Second)
		want("long after calls", breaker.Status{Since: made})

		opened := time.Now()
		r.run(5, errDown)
		_, err := r.call(t.Context(), nil)
		until := err.(*breaker.OpenError).Until
		want("open", breaker.Status{State: breaker.Open, Since: opened, Until: until, Opens: 1})
		time.Sleep(time.Until(until) + time.Second)
		want("when it may be probed", breaker.Status{State: breaker.Open, Since: opened, Until: until, Opens: 1})

		probed := time.Now()
		hang := r.begin()
		want("probing", breaker.Status{State: breaker.HalfOpen, Since: probed, Until: probed.Add(3 * time.Second), Opens: 1})
		time.Sleep(time.Minute)
		again := r.status()
		hang(nil)
		if again.State != breaker.Open || again.Opens != 2 || !again.Since.Equal(probed.Add(3*time.Second)) {
			t.Errorf("after a probe that hung: %+v", again)
		}

		probed = time.Now()
		r.run(1, context.Canceled)
		want("after a probe that told nothing", breaker.Status{State: breaker.HalfOpen, Since: probed, Opens: 2})
		time.Sleep(time.Second)
		probe := r.begin()
		want("probing again", breaker.Status{State: breaker.HalfOpen, Since: probed, Until: time.Now().Add(3 * time.Second), Opens: 2})
		probe(nil)
		want("closed", breaker.Status{Since: time.Now()})
	})
}

func TestCircuitsAreSortedAndTheNewestOfAnInstance(t *testing.T) {
	g := breaker.NewGroup(breaker.Config{Consecutive: 1})
	var kept []endpoint.Middleware
	for _, instance := range []string{"c:1", "a:1", "b:1"} {
		mw, _ := g.Each(instance)
		kept = append(kept, mw)
	}
	_, _ = kept[1](func(context.Context, any) (any, error) { return nil, errDown })(t.Context(), nil)
	if s := g.State("a:1"); s != "open" {
		t.Fatalf("a:1 is %q", s)
	}
	anew, _ := g.Each("a:1") // it has come back from elsewhere
	var got []string
	for _, c := range g.Circuits() {
		got = append(got, c.Instance+" "+c.State.String())
	}
	if diff := cmp.Diff([]string{"a:1 closed", "b:1 closed", "c:1 closed"}, got); diff != "" {
		t.Errorf("circuits (-want +got):\n%s", diff)
	}
	if s := g.State("d:1"); s != "" {
		t.Errorf("the state of an instance without a circuit is %q", s)
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(anew)
}

// TestInstancesThatAreGone keeps one instance of a thousand, by its endpoint
// alone.
func TestInstancesThatAreGone(t *testing.T) {
	g := breaker.NewGroup(breaker.Config{})
	call := passing(g)
	runtime.GC()
	all := g.Circuits()
	if len(all) != 1 || all[0].Instance != "500:1" || all[0].Successes != 1 {
		t.Errorf("%d circuits after all but one have gone", len(all))
	}
	if a, b := g.State("499:1"), g.State("500:1"); a != "" || b != "closed" {
		t.Errorf("State of one that has gone is %q, of one that is there %q", a, b)
	}
	_, _ = call(t.Context(), nil)
}

// passing makes circuits that nobody keeps, and one that the endpoint keeps.
//
//go:noinline
func passing(g *breaker.Group) (kept endpoint.Endpoint) {
	for i := range 1000 {
		mw, _ := g.Each(fmt.Sprintf("%d:1", i))
		call := mw(endpoint.Nop)
		_, _ = call(context.Background(), nil)
		if i == 500 {
			kept = call
		}
	}
	return kept
}

func TestInstancesThatComeAndGo(t *testing.T) { // for the race detector
	g := breaker.NewGroup(breaker.Config{Consecutive: 1, OnStateChange: func(string, breaker.State, breaker.State) {}})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				mw, ready := g.Each(fmt.Sprint(i % 10))
				_, _ = mw(func(context.Context, any) (any, error) { return nil, errDown })(t.Context(), nil)
				if ready() {
					t.Error("ready after a failure")
				}
			}
		})
		wg.Go(func() {
			for i := range 200 {
				for _, c := range g.Circuits() {
					if c.Opens != 0 && c.State == breaker.Closed {
						t.Errorf("half a change: %+v", c)
					}
				}
				g.State(fmt.Sprint(i % 10))
				if i%50 == 0 {
					runtime.GC()
				}
			}
		})
	}
	wg.Wait()
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}
