package ratelimit

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// bucket is a rate.Limiter that is told the time in order. By itself one lets
// more through than its rate: a call that has read the clock, and is stopped by
// the scheduler before it takes its token, sets the clock of the bucket back, and
// the time from there on fills it twice; on a busy machine, to several times the
// rate. So the clock is read under a lock. The limiter has one in any case.
type bucket struct {
	mu      sync.Mutex
	limiter *rate.Limiter
}

func (c Config) bucket() *bucket {
	return &bucket{limiter: rate.NewLimiter(rate.Limit(c.Rate), c.Burst)}
}

// take takes a token for a call, and waits for it if there is time for that.
func (c Config) take(ctx context.Context, b *bucket) error {
	turn, wait := c.reserve(b, c.patience(ctx))
	switch {
	case turn != nil:
		return b.await(ctx, turn, wait)
	case wait == 0:
		return nil
	case c.MaxWait > 0 && ctx.Err() != nil:
		return ended(ctx)
	default:
		return &LimitedError{After: wait}
	}
}

// patience is how long a call may wait.
func (c Config) patience(ctx context.Context) time.Duration {
	if c.MaxWait == 0 {
		return 0
	}
	if deadline, ok := ctx.Deadline(); ok {
		return min(c.MaxWait, time.Until(deadline))
	}
	return c.MaxWait
}

// reserve returns the turn that a call has to wait for, and how long. There is
// none if it need not wait, nor if it would take longer than patience; wait then
// is when the next token comes that nobody waits for.
func (c Config) reserve(b *bucket, patience time.Duration) (turn *rate.Reservation, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.limiter.AllowN(now, 1) {
		return nil, 0
	}
	if wait = c.after(b.limiter.TokensAt(now)); wait > patience {
		return nil, wait
	}
	turn = b.limiter.ReserveN(now, 1)
	return turn, turn.DelayFrom(now)
}

// await waits for a turn. Who goes away gives it back, unless others wait behind:
// they keep the turns they were given.
func (b *bucket) await(ctx context.Context, turn *rate.Reservation, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	turn.CancelAt(time.Now())
	return ended(ctx)
}

// after returns when there is a whole token if there are so many; what others wait
// for is below zero.
func (c Config) after(tokens float64) time.Duration {
	d := (1 - tokens) / c.Rate * float64(time.Second)
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return max(1, time.Duration(math.Ceil(d))) // 1: it has just come
}
