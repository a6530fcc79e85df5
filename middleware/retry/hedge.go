package retry

import (
	"cmp"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/internal/latency"
	"github.com/kitgen/kitgen/middleware/classify"
)

// ErrSlow is what OnRetry is given for a second attempt that starts while the
// first one goes on.
var ErrSlow = errors.New("no answer within the usual time")

// HedgeConfig says when a call gets a second attempt while the first goes on. The
// zero value is good.
type HedgeConfig struct {
	Percentile float64       // of the latency of recent calls, after which the second starts, in (0, 1); 0.98 if zero
	Floor      time.Duration // but never sooner than this; 10 ms if zero
	MaxShare   float64       // share of the calls of the last 10 s that may have a second; 0.03 if zero
}

// Validate returns an error that names the first field that makes no sense.
func (c HedgeConfig) Validate() error {
	d := c.withDefaults()
	switch {
	case !(d.Percentile > 0 && d.Percentile < 1): // NaN too
		return fmt.Errorf("retry: HedgeConfig.Percentile is %v: want more than 0 and less than 1, or 0 for 0.98", c.Percentile)
	case c.Floor < 0:
		return fmt.Errorf("retry: HedgeConfig.Floor is %v: want more than 0, or 0 for 10ms", c.Floor)
	case !(d.MaxShare > 0 && d.MaxShare <= 1):
		return fmt.Errorf("retry: HedgeConfig.MaxShare is %v: want more than 0 and at most 1, or 0 for 0.03", c.MaxShare)
	}
	return nil
}

func (c HedgeConfig) withDefaults() HedgeConfig {
	c.Percentile = cmp.Or(c.Percentile, 0.98)
	c.Floor = cmp.Or(c.Floor, 10*time.Millisecond)
	c.MaxShare = cmp.Or(c.MaxShare, 0.03)
	return c
}

// hedge knows when a second attempt is due: Dean and Barroso, "The Tail at
// Scale" (CACM 2013), with the delay measured instead of set.
type hedge struct {
	HedgeConfig

	start  time.Time
	recent latency.Window // first attempts: how long they took, or had taken when they lost
	share  *Budget

	due   atomic.Int64 // the delay; 0: not known
	dueAt atomic.Int64 // when it was computed
}

// renew is how old a delay may be.
const renew = 100 * time.Millisecond

func newHedge(c *HedgeConfig) *hedge {
	if c == nil {
		return nil
	}
	d := c.withDefaults()
	return &hedge{HedgeConfig: d, start: time.Now(), share: newBudget(d.MaxShare, 0)}
}

// delay returns when a second attempt of a call that starts at now is due, and
// false while too few calls have been seen.
func (h *hedge) delay(now time.Duration) (time.Duration, bool) {
	at := h.dueAt.Load()
	if (at == 0 || int64(now)-at > int64(renew)) && h.dueAt.CompareAndSwap(at, max(int64(now), 1)) {
		d, ok := h.recent.Quantile(now, h.Percentile)
		if ok {
			d = max(d, h.Floor)
		} else {
			d = 0
		}
		h.due.Store(int64(d))
	}
	d := time.Duration(h.due.Load())
	return d, d > 0
}

// learn takes in how long the first attempt of a call took that began at start. One
// that lost would have taken longer than it had, and so longer than the delay:
// left out, every hedge would make the next one come sooner.
func (h *hedge) learn(start time.Duration, r result, lost bool) {
	if r.outcome == classify.Success || lost {
		now := time.Since(h.start)
		h.recent.Add(now, now-start)
	}
}
