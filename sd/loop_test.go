package sd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoffBounds(t *testing.T) {
	b := newBackoff(0, 0)
	want := []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000}
	for n, ms := range want {
		if got := b.bound(n); got != ms*time.Millisecond {
			t.Errorf("bound of wait %d is %s, want %s", n, got, ms*time.Millisecond)
		}
	}
	if got := b.bound(math.MaxInt32); got != 5*time.Second {
		t.Errorf("bound of a very late wait is %s", got)
	}
	for _, b := range []backoff{newBackoff(0, 0), newBackoff(time.Hour, time.Second), newBackoff(-1, -1), {min: 1, max: math.MaxInt64 - 1}} {
		for n := range 100 {
			if d := b.delay(n); d < 0 || d > b.bound(n) || b.bound(n) > b.max {
				t.Fatalf("%+v: wait %d is %s, bound %s", b, n, d, b.bound(n))
			}
		}
	}
	if b := newBackoff(time.Hour, time.Second); b.max != time.Hour {
		t.Errorf("a minimum above the maximum gives a maximum of %s", b.max)
	}
}

// TestBackoffSpreads: a fleet that failed together does not come back together.
func TestBackoffSpreads(t *testing.T) {
	b := newBackoff(time.Second, time.Minute)
	var quarters [4]int
	for range 4000 {
		quarters[min(3, int(4*b.delay(0)/time.Second))]++
	}
	for q, n := range quarters {
		if n < 800 || n > 1200 {
			t.Errorf("%d of 4000 waits fall into quarter %d", n, q)
		}
	}
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if !pause(ctx, 0) || !pause(ctx, 30*time.Second) || pause(ctx, time.Hour) || pause(ctx, 0) {
			t.Error("pause does not say whether ctx is alive")
		}
	})
}

func TestContain(t *testing.T) {
	var typedNil *panicError
	for name, c := range map[string]struct {
		f    func() error
		want string
	}{
		"nil":         {func() error { return nil }, "<nil>"},
		"error":       {func() error { return errDown }, "registry down"},
		"panic":       {func() error { panic("oops") }, "backend panicked: oops"},
		"panic error": {func() error { panic(errDown) }, "backend panicked: registry down"},
		"panic nil":   {func() error { panic(nil) }, "backend panicked: panic called with nil argument"},
		"Goexit":      {func() error { runtime.Goexit(); return nil }, "backend ended its goroutine"},
		"typed nil":   {func() error { return typedNil }, "backend panicked: runtime error"},
	} {
		if got := fmt.Sprint(<-contain(c.f)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if err := <-contain(func() error { panic(errDown) }); !errors.Is(err, errDown) {
		t.Errorf("%v does not unwrap to what the backend panicked with", err)
	}
}

func TestInboxKeepsTheLatestAndWhoDrained(t *testing.T) {
	b := newInbox()
	update := b.begin()
	update(set("a b"))
	update(set("a~ b"))
	update(set("a~ c"))
	update(set("d"))
	m := b.take()
	if line(m.set) != "d" || !m.isSet || !m.isErr || m.err != nil {
		t.Errorf("got %+v", m)
	}
	if len(m.drained) != 1 || !m.drained["a"] {
		t.Errorf("saw %v drain, want a", m.drained)
	}
	if m := b.take(); m.isSet || m.isErr {
		t.Errorf("took %+v twice", m)
	}
	update(set("x"))
	b.end(errDown)
	if m := b.take(); line(m.set) != "x" || m.err != errDown {
		t.Errorf("got %+v, want the set and why the watch ended after it", m)
	}
	update(set("late"))
	if m := b.take(); m.isSet {
		t.Errorf("took %+v from a watch that had ended", m)
	}
}

func TestInboxMeasuresFromTheFirstSet(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		b := newInbox()
		b.begin()
		time.Sleep(time.Hour) // connecting is not working
		if d := b.end(errDown); d != 0 {
			t.Errorf("a watch without a set worked for %s", d)
		}
		update := b.begin()
		update(nil)
		time.Sleep(time.Minute)
		update(nil)
		if d := b.end(errDown); d != time.Minute {
			t.Errorf("worked for %s, want 1m", d)
		}
	})
}
