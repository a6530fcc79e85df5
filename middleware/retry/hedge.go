package retry

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/internal/hedging"
	"github.com/kitgen/kitgen/middleware/classify"
)

// ErrSlow is what OnRetry is given for a second attempt that starts while the
// first one goes on.
var ErrSlow = errors.New("no answer within the usual time")

// HedgeConfig says when a call gets a second attempt while the first goes on: Dean
// and Barroso, "The Tail at Scale" (CACM 2013), with the delay measured instead of
// set. The zero value is good.
type HedgeConfig struct {
	Percentile float64       // of the latency of recent calls, after which the second starts, in (0, 1); 0.98 if zero
	Floor      time.Duration // but never sooner than this; 10 ms if zero
	MaxShare   float64       // share of the calls of the last 10 s that may have a second; 0.03 if zero; a twentieth of it while those that have do not gain by it
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

// hedge is what a policy knows of its calls. Its clock begins with it.
type hedge struct {
	hedging.Planner

	start time.Time
}

func newHedge(c *HedgeConfig) *hedge {
	if c == nil {
		return nil
	}
	d := c.withDefaults()
	return &hedge{start: time.Now(), Planner: hedging.Planner{
		Percentile: d.Percentile,
		Floor:      d.Floor,
		Share:      hedging.Share{Ratio: d.MaxShare},
	}}
}

func (h *hedge) now() time.Duration { return time.Since(h.start) }

// learn takes in how long the first attempt of a call took, from start to end.
func (h *hedge) learn(start, end time.Duration, r result, lost bool) {
	if r.outcome == classify.Success || lost {
		h.Learn(end, end-start)
	}
}
