package consul

import (
	"context"
	"time"
)

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
	l.tokens = min(burst, l.tokens+float64(now.Sub(l.last))/float64(refill))
	l.last = now
	l.tokens--
	if l.tokens >= 0 {
		return ctx.Err() == nil
	}
	return sleep(ctx, time.Duration(-l.tokens*float64(refill)))
}
