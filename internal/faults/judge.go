package main

import (
	"time"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
)

// judge is the end of every row: things are left alone for a while in which
// all must be in order, and the promises are checked.
func (t *trial) judge() {
	if t.consumer == nil {
		return
	}
	t.settle()
	if t.streams != nil {
		t.streams.stop()
		t.streams.report()
	}
	if t.load != nil {
		t.load.stop()
		t.history.Calls, t.history.Failed = t.load.counts()
		for _, err := range t.load.errs {
			t.note("failed call: %s", err)
		}
		if t.load.halts > 0 {
			t.note("the load was halted for %v: this process did not run", t.load.halts)
		}
	}
	t.history.After = t.rest()
	t.stop()
	t.jobs.Wait()
	t.mu.Lock()
	t.history.TTL = t.ttl
	found := history.Check(t.history)
	published, listed := len(t.history.Published), len(t.history.Listed)
	t.mu.Unlock()
	for _, v := range found {
		t.violate(v)
	}
	t.note("%d sets published, the registry asked %d times", published, listed)
}

// settle waits until the promises that hold in calm times can be judged. What
// the row waited for is the time that things need.
func (t *trial) settle() {
	t.mu.Lock()
	if t.history.Settle == 0 {
		t.history.Settle = max(t.took, time.Second)
	}
	end := time.Now()
	for _, f := range t.history.Faults {
		if calm := f.To.Add(t.history.Settle); calm.After(end) {
			end = calm
		}
	}
	t.history.Lag = 2 * time.Second * time.Duration(t.length.stretch)
	lag := t.history.Lag
	t.mu.Unlock()
	t.last(time.Until(end) + lag + time.Second)
}
