package ratelimit

import (
	"context"
	"math"
	"time"

	"golang.org/x/time/rate"
)

func (c Config) bucket() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(c.Rate), c.Burst)
}

// take takes a token for a call.
func (c Config) take(ctx context.Context, b *rate.Limiter) error {
	now := time.Now()
	if b.AllowN(now, 1) {
		return nil
	}
	if c.MaxWait > 0 {
		return c.await(ctx, b)
	}
	return &LimitedError{After: c.after(b, now)}
}

// await waits for a token. It is not reserved first: to give a reservation back
// does not always bring back its token.
func (c Config) await(ctx context.Context, b *rate.Limiter) error {
	turn, cancel := context.WithTimeout(ctx, c.MaxWait)
	defer cancel()
	switch {
	case b.Wait(turn) == nil:
		return nil
	case ctx.Err() != nil:
		return ended(ctx)
	default: // it would take too long
		return &LimitedError{After: c.after(b, time.Now())}
	}
}

// after returns when the next token comes that nobody waits for.
func (c Config) after(b *rate.Limiter, now time.Time) time.Duration {
	d := (1 - b.TokensAt(now)) / c.Rate * float64(time.Second)
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return max(1, time.Duration(math.Ceil(d))) // 1: it has just come
}
