package timeout

import (
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/internal/latency"
)

const (
	refresh = 100 * time.Millisecond // how long a median is good for: finding it looks at the whole window
	probe   = time.Second            // how often a call goes through that has less time than it
)

// estimate is what is known of how long calls take. A nil *estimate knows
// nothing. Times are since base, which is cheaper to ask than the time of day.
type estimate struct {
	base   time.Time
	recent latency.Window // calls that succeeded: how long the others would have taken is unknown

	median   atomic.Int64 // 0 if unknown
	goodTill atomic.Int64 // of the median
	probeAt  atomic.Int64 // when the next probe may go
}

func newEstimate() *estimate { return &estimate{base: time.Now()} }

// begin returns when a call starts.
func (e *estimate) begin() time.Duration {
	if e == nil {
		return 0
	}
	return time.Since(e.base)
}

// done tells of a call that started at begin.
func (e *estimate) done(begin time.Duration, err error) {
	if e == nil || err != nil {
		return
	}
	now := time.Since(e.base)
	e.recent.Add(now, now-begin)
}

// need returns how much time a call that starts now needs; 0 if that is unknown.
func (e *estimate) need(now time.Duration) time.Duration {
	if e == nil {
		return 0
	}
	if till := e.goodTill.Load(); int64(now) >= till && e.goodTill.CompareAndSwap(till, int64(now+refresh)) {
		median, _ := e.recent.Quantile(now, 0.5)
		e.median.Store(int64(median))
	}
	return time.Duration(e.median.Load())
}

// probes reports whether a call that starts now goes through though it has less
// time than it needs. Otherwise a service that has become quick again would not
// be noticed by callers who all have little time.
func (e *estimate) probes(now time.Duration) bool {
	at := e.probeAt.Load()
	return int64(now) >= at && e.probeAt.CompareAndSwap(at, int64(now+probe))
}
