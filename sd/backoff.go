package sd

import (
	"context"
	"math/rand/v2"
	"time"
)

// proven is how long a watch or a registration must have worked before its
// next failure counts as a new one rather than as one more of the same.
const proven = time.Second

// backoff is exponential with full jitter: a fleet that failed together does
// not come back together.
type backoff struct{ min, max time.Duration }

func newBackoff(low, high time.Duration) backoff {
	low = orDefault(low, 100*time.Millisecond)
	return backoff{min: low, max: max(low, orDefault(high, 5*time.Second))}
}

// delay is drawn evenly from 0 to bound(n), where n counts failures from 0.
func (b backoff) delay(n int) time.Duration { return rand.N(b.bound(n) + 1) }

func (b backoff) bound(n int) time.Duration {
	d := b.min
	for range n {
		if d >= b.max/2 { // doubling on could overflow
			return b.max
		}
		d *= 2
	}
	return d
}

// pause waits for d and says whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
