package servers

import (
	"context"
	"sync"
	"time"
)

// Direction is a way through a [Proxy].
type Direction uint8

// The ways; Both is their sum.
const (
	Up   Direction = 1 << iota // from the client to the target
	Down                       // from the target to the client
	Both = Up | Down
)

// faults is what a proxy does to passing bytes now. Every change wakes those
// who wait because of the state before it.
type faults struct {
	mu      sync.Mutex // guards the fields below
	stalled Direction
	delay   time.Duration
	rate    int           // bytes per second; 0: no limit
	changed chan struct{} // closed and replaced at every change
}

func newFaults() *faults { return &faults{changed: make(chan struct{})} }

func (f *faults) change(edit func(*faults)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit(f)
	close(f.changed)
	f.changed = make(chan struct{})
}

// hold returns once bytes that came at the given time may go on in direction
// dir, and the rate they must keep; or an error when ctx ends first.
func (f *faults) hold(ctx context.Context, dir Direction, came time.Time) (rate int, err error) {
	for {
		f.mu.Lock()
		stalled, wait, rate, changed := f.stalled&dir != 0, time.Until(came.Add(f.delay)), f.rate, f.changed
		f.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case !stalled && wait <= 0:
			return rate, nil
		case stalled:
			wait = -1
		}
		sleep(ctx, changed, wait)
	}
}

// pace waits as long as n bytes take at rate. A change of the faults does not
// cut it short: what was sent slowly stays sent slowly.
func pace(ctx context.Context, n, rate int) {
	sleep(ctx, nil, time.Duration(n)*time.Second/time.Duration(rate))
}

// sleep returns after d (never, if negative), at a change, or when ctx ends.
func sleep(ctx context.Context, changed <-chan struct{}, d time.Duration) {
	var over <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-ctx.Done():
	case <-changed:
	case <-over:
	}
}
