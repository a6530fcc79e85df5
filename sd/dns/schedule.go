package dns

import (
	"context"
	"math/rand/v2"
	"time"
)

// schedule says when to look again.
type schedule struct{ min, max time.Duration }

// next is the wait after an answer with ttl: that, within the bounds, and up to
// a tenth more, so that a fleet that started together does not ask together.
func (s schedule) next(ttl time.Duration) time.Duration {
	d := min(max(ttl, s.min), s.max)
	return d + rand.N(d/10+1)
}

// pause waits, and says whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
