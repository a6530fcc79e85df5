package main

import (
	"context"
	"fmt"
	"time"
)

// within waits for a condition that must hold at most bound after the last
// fault or heal, and takes the time. The longest one that has the row's own
// bound is what the row measured.
func (t *trial) within(bound time.Duration, what string, cond func() bool) time.Duration {
	own := bound == t.row.bound
	bound = t.length.stretched(bound)
	took, ok := t.await(t.since.Add(bound+t.length.overtime), cond)
	t.mu.Lock()
	t.took = max(t.took, took)
	if own {
		t.measured = max(t.measured, took)
	}
	t.mu.Unlock()
	switch {
	case !ok:
		t.fail("not even after %v: %s (bound %v)", took.Round(time.Millisecond), what, bound)
	case took > bound:
		t.violate(what + " after " + took.Round(time.Millisecond).String() + ", bound " + bound.String())
	default:
		t.say("ok: " + what + " after " + took.Round(time.Millisecond).String())
	}
	return took
}

// measure is within for what is over already.
func (t *trial) measure(took time.Duration, what string) {
	t.mu.Lock()
	t.measured = max(t.measured, took)
	t.mu.Unlock()
	if bound := t.length.stretched(t.row.bound); took > bound {
		t.violate(fmt.Sprintf("%s after %v, bound %v", what, took.Round(time.Millisecond), bound))
	}
}

// eventually waits for a condition of which only that it comes true matters.
func (t *trial) eventually(what string, cond func() bool) {
	const patience = 2 * time.Minute
	if _, ok := t.await(time.Now().Add(patience), cond); !ok {
		t.fail("not even after %v: %s", patience, what)
	}
}

// await polls until cond holds; took counts from the last fault or heal.
func (t *trial) await(deadline time.Time, cond func() bool) (took time.Duration, ok bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if cond() {
			return time.Since(t.since), true
		}
		if time.Now().After(deadline) {
			return time.Since(t.since), false
		}
		select {
		case <-tick.C:
		case <-t.ctx.Done():
			t.fail("the row was ended from outside: %v", context.Cause(t.ctx))
		}
	}
}

// never watches for d that a condition does not come true.
func (t *trial) never(d time.Duration, what string, cond func() bool) {
	if _, came := t.await(time.Now().Add(d), cond); came {
		t.fail("%s", what)
	}
}

// all is the condition that each of some holds.
func all(conds ...func() bool) func() bool {
	return func() bool {
		for _, c := range conds {
			if !c() {
				return false
			}
		}
		return true
	}
}
