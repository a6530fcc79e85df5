package sd

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("registry down")

func TestInstancerKnowsWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		defer i.Stop()
		s, changed := i.Snapshot()
		if s.Synced || s.Err != nil || len(s.Instances) > 0 {
			t.Errorf("knows %+v before anybody answered", s)
		}
		r.sets <- set("b a")
		<-changed
		knows(t, i, "a b")
		r.sets <- set("")
		pass(time.Hour)
		knows(t, i, "a b") // held
		if s, _ := i.Snapshot(); s.Held != 2 || !s.Synced || s.Err != nil {
			t.Errorf("knows %+v, want two held", s)
		}
		r.sets <- set("c")
		pass(time.Minute)
		knows(t, i, "c")
	})
}

func TestInstancerKnowsAnEmptyService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := NewInstancer(Fixed{}, InstancerConfig{})
		defer i.Stop()
		synctest.Wait()
		if s, _ := i.Snapshot(); !s.Synced || s.Instances == nil || len(s.Instances) > 0 {
			t.Errorf("knows %+v, want an empty set", s)
		}
	})
}

func TestInstancerIsQuietWhenNothingChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		defer i.Stop()
		r.sets <- set("a b c")
		synctest.Wait()
		_, changed := i.Snapshot()
		r.sets <- set("c b a")
		r.sets <- set("a b c a")
		pass(time.Hour)
		select {
		case <-changed:
			t.Error("the same set again woke the readers")
		default:
		}
	})
}

func TestInstancerKeepsWhatItKnowsThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		log := &journal{}
		i := NewInstancer(r, InstancerConfig{Logger: log})
		defer i.Stop()
		r.sets <- set("a b")
		pass(time.Minute)
		for range 20 { // many attempts, minutes of outage
			r.fail <- errDown
		}
		synctest.Wait()
		knows(t, i, "a b")
		if s, _ := i.Snapshot(); !errors.Is(s.Err, errDown) {
			t.Errorf("says %v is wrong, want %v", s.Err, errDown)
		}
		r.sets <- set("a b c")
		synctest.Wait()
		knows(t, i, "a b c")
		if s, _ := i.Snapshot(); s.Err != nil {
			t.Errorf("says %v is wrong after recovery", s.Err)
		}
		if broke, works := log.having("watch broke"), log.having("watch works again"); broke != 1 || works != 1 {
			t.Errorf("logged %d failures and %d recoveries of one outage, want 1 each:\n%s", broke, works, log)
		}
	})
}

// TestInstancerHoldPolicyThroughTime is the whole of it: an outage of minutes,
// a registry that comes back empty, and one that insists.
func TestInstancerHoldPolicyThroughTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		log := &journal{}
		i := NewInstancer(r, InstancerConfig{HoldFor: 2 * time.Minute, Logger: log})
		defer i.Stop()
		r.sets <- set("a b c d e")
		pass(time.Minute)
		r.fail <- errDown
		pass(10 * time.Minute)
		r.sets <- set("") // wiped
		pass(10 * time.Minute)
		knows(t, i, "a b c d e")
		r.sets <- set("b") // one is back
		pass(time.Minute)
		r.fail <- errDown // and away again: what it said before counts no more
		pass(10 * time.Minute)
		r.sets <- set("b")
		pass(2*time.Minute - time.Second)
		knows(t, i, "a b c d e")
		r.sets <- set("b c")
		pass(time.Second)
		knows(t, i, "b c")
		if log.having("lost many instances at once") != 1 || log.having("held instances are back") != 1 {
			t.Errorf("logged:\n%s", log)
		}
	})
}

func TestInstancerProtectionOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{Protection: Off})
		defer i.Stop()
		r.sets <- set("a b c")
		r.sets <- set("")
		synctest.Wait()
		knows(t, i, "")
	})
}

func TestInstancerSeesDrainingThatPassesQuickly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := NewInstancer(watchFunc(func(ctx context.Context, update func([]Instance)) error {
			update(set("a b"))
			update(set("a~ b~"))
			update(set(""))
			<-ctx.Done()
			return nil
		}), InstancerConfig{})
		defer i.Stop()
		synctest.Wait()
		knows(t, i, "")
	})
}

func TestInstancerBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		wait := newBackoff(50*time.Millisecond, 3*time.Second)
		i := NewInstancer(r, InstancerConfig{MinBackoff: 50 * time.Millisecond, MaxBackoff: 3 * time.Second})
		defer i.Stop()
		var failed []time.Time
		for range 40 {
			r.fail <- errDown
			failed = append(failed, time.Now())
		}
		synctest.Wait()
		starts := r.starts()
		for n := range len(starts) - 1 {
			if d := starts[n+1].Sub(failed[n]); d > wait.bound(n) {
				t.Errorf("waited %s after failure %d, want at most %s", d, n, wait.bound(n))
			}
		}
		pass(3 * time.Second) // lets the last wait pass
		r.sets <- set("a")
		pass(proven)
		r.fail <- errDown
		begun := time.Now()
		r.sets <- set("a") // the next watch is there to take it
		if d := time.Since(begun); d > 50*time.Millisecond {
			t.Errorf("waited %s after a watch that had worked, want at most %s", d, 50*time.Millisecond)
		}
	})
}

// TestInstancerContainsItsBackend: whatever ends Watch, the loop goes on.
func TestInstancerContainsItsBackend(t *testing.T) {
	for name, end := range map[string]func() error{
		"a panic":     func() error { panic("oops") },
		"nil":         func() error { return nil },
		"Goexit":      func() error { runtime.Goexit(); return nil },
		"a typed nil": func() error { var e *panicError; return e },
		"an error":    func() error { return errDown },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				times := 0
				i := NewInstancer(watchFunc(func(ctx context.Context, update func([]Instance)) error {
					if times++; times < 5 {
						return end()
					}
					update(set("a"))
					<-ctx.Done()
					return ctx.Err()
				}), InstancerConfig{})
				defer i.Stop()
				pass(time.Minute)
				knows(t, i, "a")
			})
		})
	}
}

func TestInstancerLogsWhereABackendPanicked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &journal{}
		i := NewInstancer(watchFunc(func(context.Context, func([]Instance)) error { panic("oops") }), InstancerConfig{Logger: log})
		pass(time.Minute)
		i.Stop()
		if log.having("instancer_test.go") != 1 || log.having("backend panicked: oops") != 1 {
			t.Errorf("logged:\n%s", log)
		}
	})
}

func TestInstancerDropsUpdatesOfAWatchThatEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := make(chan func([]Instance), 1)
		first := true
		i := NewInstancer(watchFunc(func(ctx context.Context, update func([]Instance)) error {
			if first {
				first = false
				late <- update
				return errDown
			}
			update(set("a"))
			<-ctx.Done()
			return ctx.Err()
		}), InstancerConfig{})
		defer i.Stop()
		pass(time.Minute)
		(<-late)(set("x y z"))
		synctest.Wait()
		knows(t, i, "a")
	})
}

func TestInstancerCopiesWhatItIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := NewInstancer(watchFunc(func(ctx context.Context, update func([]Instance)) error {
			list := set("a b")
			update(list)
			clear(list)
			<-ctx.Done()
			return ctx.Err()
		}), InstancerConfig{})
		defer i.Stop()
		synctest.Wait()
		knows(t, i, "a b")
	})
}

func TestInstancerReportsEachFaultOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		log := &journal{}
		i := NewInstancer(r, InstancerConfig{Logger: log})
		defer i.Stop()
		for range 3 {
			r.sets <- set("a b? c?")
			synctest.Wait()
		}
		knows(t, i, "a")
		if log.having("instance left out") != 2 || log.having("id=b ") != 1 {
			t.Errorf("logged:\n%s", log)
		}
		for range 20 { // within a minute
			time.Sleep(time.Second)
			r.sets <- set("a b c?")
			synctest.Wait()
			r.sets <- set("a b? c?")
			synctest.Wait()
		}
		if log.having("id=b ") != 1 {
			t.Errorf("an entry that flaps is logged all the time:\n%s", log)
		}
		time.Sleep(faultEvery)
		r.sets <- set("a b c?")
		synctest.Wait()
		r.sets <- set("a b? c?")
		synctest.Wait()
		if log.having("id=b ") != 2 || log.having("id=c ") != 1 {
			t.Errorf("a fault that came back later was not logged again:\n%s", log)
		}
		var many strings.Builder
		for n := range 100 {
			fmt.Fprintf(&many, " bad%d?", n)
		}
		before := log.having("")
		r.sets <- set(many.String())
		synctest.Wait()
		if n := log.having("") - before; n > maxFaultLines+3 {
			t.Errorf("100 faults made %d lines:\n%s", n, log)
		}
	})
}

func TestInstancerStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		r.sets <- set("a")
		synctest.Wait()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(i.Stop)
		}
		wg.Wait()
		i.Stop()
		if r.active != 0 {
			t.Error("the watch outlives Stop")
		}
		knows(t, i, "a")
		begun := len(r.starts())
		pass(time.Hour)
		if len(r.starts()) != begun {
			t.Error("watched again after Stop")
		}
	})
}

func TestInstancerStopWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := NewInstancer(watchFunc(func(context.Context, func([]Instance)) error { return errDown }),
			InstancerConfig{MinBackoff: time.Hour, MaxBackoff: time.Hour})
		synctest.Wait()
		begun := time.Now()
		i.Stop()
		if time.Since(begun) > 0 {
			t.Error("Stop waited for a backoff to pass")
		}
	})
}

func TestSnapshotAllocatesNothing(t *testing.T) {
	i := NewInstancer(Fixed(sequence(100)), InstancerConfig{})
	defer i.Stop()
	if n := testing.AllocsPerRun(100, func() { _, _ = i.Snapshot() }); n > 0 {
		t.Errorf("Snapshot allocates %v times", n)
	}
}
