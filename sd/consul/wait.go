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

// Answers that tell nothing new cost a token each: a server, or what stands
// before it, may answer at once for ever. Those that do cost a rest by their
// size, some times what they take to make and to read: each holds all of the
// service, so a huge one that changes all the time is asked for less often than
// it changes, and a small one at every change.
const (
	burst    = 20
	refill   = 250 * time.Millisecond // per token
	restEach = 100 * time.Microsecond // per instance of the last answer
	longest  = time.Second            // of a rest
)

// limiter spaces the queries of one goroutine.
type limiter struct {
	tokens float64
	last   time.Time
}

func newLimiter() *limiter { return &limiter{tokens: burst, last: time.Now()} }

// wait returns when the next query may be sent, after an answer of so many
// instances that held news or not; false if ctx ends first.
func (l *limiter) wait(ctx context.Context, instances int, news bool) bool {
	rest := min(time.Duration(instances)*restEach, longest)
	now := time.Now()
	l.tokens = min(burst, l.tokens+float64(now.Sub(l.last))/float64(refill))
	l.last = now
	if !news {
		l.tokens--
	}
	if l.tokens < 0 {
		rest = max(rest, time.Duration(-l.tokens*float64(refill)))
	}
	if rest <= 2*time.Millisecond { // not worth a timer
		return ctx.Err() == nil
	}
	return sleep(ctx, rest)
}
