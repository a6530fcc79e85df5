package breaker

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// calls is what became of the calls of a circuit while it is closed.
//
// gobreaker counts the failures, knows how many there are in a row, and decides
// whether to open. Successes are counted beside it: nothing is to be decided
// after one, and gobreaker would lock twice for it. It is told only of those
// that end a row.
type calls struct {
	cfg       *Config
	failures  *gobreaker.CircuitBreaker[struct{}]
	row       atomic.Bool // whether gobreaker knows of a row of failures
	successes tally
	slow      tally         // of the successes
	slot      time.Duration // of the tallies
	started   time.Time
}

func newCalls(cfg *Config, now time.Time) *calls {
	c := &calls{cfg: cfg, slot: cfg.Window / slots, started: now}
	c.failures = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Interval:     cfg.Window,
		BucketPeriod: cfg.Window / slots,
		ReadyToTrip:  c.trips,
	})
	return c
}

// failed counts a failure, and reports whether the circuit must open.
func (c *calls) failed() bool {
	_, _ = c.failures.Execute(failed)
	// After it: a success that sees no row yet may as well have come before.
	c.row.Store(true)
	return c.failures.State() != gobreaker.StateClosed
}

// succeeded counts a success, and reports whether the circuit must open since
// too many of them are slow.
func (c *calls) succeeded(slow bool) bool {
	if c.row.Load() {
		c.row.Store(false) // before it: a failure in between begins another row
		_, _ = c.failures.Execute(succeeded)
	}
	slot := c.now()
	c.successes.add(slot)
	if !slow {
		return false
	}
	c.slow.add(slot)
	successes, failures := c.count()
	ended := successes + failures
	return ended >= c.cfg.MinCalls && float64(c.slow.sum(slot)) >= c.cfg.SlowRatio*float64(ended)
}

// trips decides, for gobreaker, whether a circuit opens after a failure. All
// the calls it looks at have ended.
func (c *calls) trips(n gobreaker.Counts) bool {
	ended := c.successes.sum(c.now()) + int(n.TotalFailures)
	return int(n.ConsecutiveFailures) >= c.cfg.Consecutive ||
		ended >= c.cfg.MinCalls && float64(n.TotalFailures) >= c.cfg.Ratio*float64(ended)
}

// count returns how many calls in the window ended how.
func (c *calls) count() (successes, failures int) {
	c.failures.State() // moves gobreaker's window up to now
	return c.successes.sum(c.now()), int(c.failures.Counts().TotalFailures)
}

// now is the present slot of the tallies.
func (c *calls) now() uint32 { return uint32(time.Since(c.started) / c.slot) }

// What gobreaker is told of a call. These close over nothing, so that telling
// it allocates nothing.
func succeeded() (struct{}, error) { return struct{}{}, nil }
func failed() (struct{}, error)    { return struct{}{}, errFailed }

var errFailed = errors.New("failed")
