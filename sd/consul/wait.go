package consul

import (
	"context"
	"math/rand/v2"
	"time"
)

// sleep waits for d, or until ctx ends; false if that was first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// jitter is d, more or less by up to a share of it, so that a fleet started
// together does not stay in step.
func jitter(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * (1 + share*(2*rand.Float64()-1)))
}

// pause is how long to wait after so many failures in a row.
func pause(failures int) time.Duration {
	return jitter(min(2*time.Second, 100*time.Millisecond<<min(failures, 10)), 0.5)
}

// A service that changes all the time is asked for often, but not at the rate
// of its changes: every answer holds all of it.
const (
	burst  = 10
	refill = 250 * time.Millisecond // per query
)

// limiter is a token bucket for one goroutine.
type limiter struct {
	tokens float64
	last   time.Time
}

func newLimiter() *limiter { return &limiter{tokens: burst, last: time.Now()} }

// wait takes a token as soon as there is one; false if ctx ends first.
func (l *limiter) wait(ctx context.Context) bool {
	now := time.Now()
	l.tokens = min(burst, l.tokens+float64(now.Sub(l.last))/float64(refill)) - 1
	l.last = now
	if l.tokens >= 0 {
		return ctx.Err() == nil
	}
	return sleep(ctx, time.Duration(-l.tokens*float64(refill)))
}
