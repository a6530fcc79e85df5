package retry

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// backoff yields the pauses of one call: random between nothing and a bound
// that doubles, so that callers who failed together do not return together. It
// is the "full jitter" of Brooker, "Exponential Backoff And Jitter" (AWS, 2015).
type backoff struct {
	bound, most time.Duration
	picked      bool // whether a call that was not sent was picked again at once
}

// next returns the pause before another attempt. The first that was not sent
// goes elsewhere at once: the instance it did not reach is spared anyway.
func (b *backoff) next(outcome classify.Outcome) time.Duration {
	if outcome == classify.NotSent && !b.picked {
		b.picked = true
		return 0
	}
	pause := rand.N(b.bound)
	if b.bound > b.most/2 {
		b.bound = b.most
	} else {
		b.bound *= 2
	}
	return pause
}

// jittered is at least d: those who were told the same moment do not come at it
// together.
func jittered(d, by time.Duration) time.Duration {
	return d + min(rand.N(max(d/10, by)), math.MaxInt64-d)
}

// pause waits for d. If ctx ends before that, it returns why; and at once if the
// deadline of ctx would come first.
func pause(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return ended(ctx)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return context.DeadlineExceeded
	}
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ended(ctx)
	case <-timer.C:
		return nil
	}
}
