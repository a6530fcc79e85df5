package breaker_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/breaker"
)

var cycle = []string{"closed to open", "open to half-open", "half-open to closed"}

func TestCallbackThatBlocksDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocked := make(chan struct{})
		var r *rig
		r = newRig(t, breaker.Config{OnStateChange: func(instance string, from, to breaker.State) {
			<-blocked
			r.record(instance, from, to)
		}})
		start := time.Now()
		r.run(5, errDown)
		if !r.rejects() || time.Since(start) != 0 {
			t.Errorf("the calls took %v", time.Since(start))
		}
		open := r.openTime()
		r.run(1, nil)
		r.run(100, nil)
		if time.Since(start) != open {
			t.Errorf("the calls took %v beyond the open time", time.Since(start)-open)
		}
		if got := r.told(); len(got) != 0 {
			t.Errorf("told while it is blocked: %q", got)
		}
		close(blocked)
		if diff := cmp.Diff(cycle, r.told()); diff != "" {
			t.Errorf("told afterwards (-want +got):\n%s", diff)
		}
	})
}

func TestCallbackThatPanicsHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *rig
		r = newRig(t, breaker.Config{OnStateChange: func(instance string, from, to breaker.State) {
			r.record(instance, from, to)
			if to == breaker.Closed {
				runtime.Goexit()
			}
			panic("no such label")
		}})
		r.run(5, errDown)
		r.openTime()
		r.run(1, nil)
		r.wantReady(true, "after a probe")
		if diff := cmp.Diff(cycle, r.told()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		want := "breaker: OnStateChange panicked, 2 times in all, with no such label"
		if err := r.group.Close(); err == nil || err.Error() != want {
			t.Errorf("Close = %v, want %q", err, want)
		}
	})
}

func TestCloseWaitsForTheCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *rig
		r = newRig(t, breaker.Config{OnStateChange: func(instance string, from, to breaker.State) {
			time.Sleep(time.Minute)
			r.record(instance, from, to)
		}})
		r.run(5, errDown)
		r.openTime()
		r.run(1, nil)
		for range 2 {
			if err := r.group.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			if diff := cmp.Diff(cycle, r.changes); diff != "" { // without r.told: nothing is under way
				t.Errorf("told (-want +got):\n%s", diff)
			}
		}
		r.run(5, errDown)
		r.wantReady(false, "after 5 failures, which the closed group still looks after")
		if got := r.told(); len(got) != len(cycle) {
			t.Errorf("told after Close: %q", got[len(cycle):])
		}
	})
}

func TestCallbackThatIsTooSlowMissesTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocked := make(chan struct{})
		var told []string
		g := breaker.NewGroup(breaker.Config{Consecutive: 1, OnStateChange: func(instance string, _, _ breaker.State) {
			<-blocked
			told = append(told, instance)
		}})
		const n = 1500
		for i := range n {
			mw, _ := g.Each(string(rune('a' + i)))
			_, _ = mw(func(context.Context, any) (any, error) { return nil, errDown })(t.Context(), nil)
		}
		close(blocked)
		want := "breaker: OnStateChange was too slow: it missed 476 changes"
		if err := g.Close(); err == nil || err.Error() != want {
			t.Errorf("Close = %v, want %q", err, want)
		}
		if len(told) != 1024 || told[0] != "a" || told[1023] != string(rune('a'+n-1)) {
			t.Errorf("told of %d changes, from %q to %q", len(told), told[0], told[len(told)-1])
		}
	})
}

// TestChangesAreToldInTheirOrder makes many at a time, by calls that end and by
// probes that begin, end and hang.
func TestChangesAreToldInTheirOrder(t *testing.T) {
	var told []string
	g := breaker.NewGroup(breaker.Config{
		Consecutive: 1, OpenFor: time.Microsecond, MaxOpen: time.Microsecond, ProbeLease: time.Microsecond,
		OnStateChange: func(_ string, from, to breaker.State) { told = append(told, from.String()+" to "+to.String()) },
	})
	mw, _ := g.Each("a:1")
	call := mw(func(context.Context, any) (any, error) {
		if rand.IntN(2) == 0 {
			return nil, errDown
		}
		return nil, nil
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 40 {
				_, _ = call(t.Context(), nil)
			}
		})
	}
	wg.Wait()
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	state := "closed"
	for i, change := range told {
		from, to, _ := strings.Cut(change, " to ")
		if from != state {
			t.Fatalf("change %d of %d is %q, of a circuit that is %s", i+1, len(told), change, state)
		}
		state = to
	}
	if now := g.State("a:1"); now != state {
		t.Errorf("the circuit is %s; told last that it is %s", now, state)
	}
}

func TestCloseWithoutCallback(t *testing.T) {
	if err := breaker.NewGroup(breaker.Config{}).Close(); err != nil {
		t.Error(err)
	}
}
