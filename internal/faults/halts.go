package main

import (
	"context"
	"time"
)

// halts adds up for how long this process does not run, until ctx ends. Halts
// of less than a second do not count.
func (t *trial) halts(ctx context.Context) {
	const often = 100 * time.Millisecond
	tick := time.NewTicker(often)
	defer tick.Stop()
	for last := time.Now(); ; last = time.Now() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if late := time.Since(last) - often; late > time.Second {
			t.mu.Lock()
			t.halted += late
			t.mu.Unlock()
		}
	}
}
