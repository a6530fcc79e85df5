package breaker

import (
	"cmp"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Config says when a circuit opens, and for how long. The zero value is good.
type Config struct {
	Name string // of the circuit that New makes, for errors and OnStateChange; the others use the instance

	Consecutive int           // failures in a row, within Window, that open the circuit; 5 if zero
	Ratio       float64       // share of failed calls in Window that opens it, above 0 up to 1; 0.5 if zero
	MinCalls    int           // calls that ended in Window before Ratio and SlowRatio count; 10 if zero
	Window      time.Duration // how far back calls are remembered; 10 s if zero

	// SlowCall is how long a call may take: one that succeeds after more is slow.
	// No call is if zero. A probe that is slow has failed. SlowRatio is the share
	// of the calls in Window, above 0 up to 1, that opens the circuit when they
	// are slow; 0.5 if zero. A failure counts for Ratio alone, however long it
	// took.
	SlowCall  time.Duration
	SlowRatio float64

	OpenFor time.Duration // first open time, doubled after each failed probe, ± 20 %; 5 s if zero
	MaxOpen time.Duration // limit of the doubling; 60 s if zero

	// ProbeLease is how long a probe may take before it counts as failed and
	// another call may probe; 10 s if zero. It ends a second after the deadline
	// of the probe's context if that is sooner.
	ProbeLease time.Duration

	// Openings says that of a response which outlives its call (lb.Stream) the
	// opening alone counts: for a circuit around a service, of which one instance
	// that dies breaks many streams at once.
	Openings bool

	Classify classify.Func // what an outcome means; classify.Default if nil

	// OnStateChange is called soon after a change, not on the goroutine of the
	// call or the pick that caused it: however long it takes, it delays nobody.
	// It is called for one change at a time, and for those of a circuit in their
	// order; for all circuits of one New, Each or NewGroup on one goroutine,
	// which ends when there is nothing to tell and which Group.Close waits for.
	// Of changes that come faster than it takes them, 1024 wait and the oldest
	// are dropped. It may call endpoints. If it panics, it is called for the next
	// change all the same. Not called if nil.
	OnStateChange func(instance string, from, to State)
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	d := c.withDefaults()
	switch {
	case c.Consecutive < 0:
		return fmt.Errorf("breaker: Config.Consecutive is %d: want at least 1, or 0 for 5", c.Consecutive)
	case !(d.Ratio > 0 && d.Ratio <= 1): // NaN too
		return fmt.Errorf("breaker: Config.Ratio is %v: want more than 0 and at most 1, or 0 for 0.5", c.Ratio)
	case c.MinCalls < 0:
		return fmt.Errorf("breaker: Config.MinCalls is %d: want at least 1, or 0 for 10", c.MinCalls)
	case d.Window < time.Millisecond:
		return fmt.Errorf("breaker: Config.Window is %v: want at least 1ms, or 0 for 10s", c.Window)
	case c.SlowCall < 0:
		return fmt.Errorf("breaker: Config.SlowCall is %v: want more than 0, or 0 for no slow calls", c.SlowCall)
	case !(d.SlowRatio > 0 && d.SlowRatio <= 1):
		return fmt.Errorf("breaker: Config.SlowRatio is %v: want more than 0 and at most 1, or 0 for 0.5", c.SlowRatio)
	case c.SlowRatio != 0 && c.SlowCall == 0:
		return fmt.Errorf("breaker: Config.SlowRatio is %v, but no call is slow: set SlowCall too", c.SlowRatio)
	case c.OpenFor < 0:
		return fmt.Errorf("breaker: Config.OpenFor is %v: want more than 0, or 0 for 5s", c.OpenFor)
	case c.MaxOpen < 0:
		return fmt.Errorf("breaker: Config.MaxOpen is %v: want more than 0, or 0 for 60s", c.MaxOpen)
	case d.OpenFor > d.MaxOpen:
		return fmt.Errorf("breaker: Config.OpenFor %v is above MaxOpen %v: lower the one or raise the other", d.OpenFor, d.MaxOpen)
	case c.ProbeLease < 0:
		return fmt.Errorf("breaker: Config.ProbeLease is %v: want more than 0, or 0 for 10s", c.ProbeLease)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Consecutive = cmp.Or(c.Consecutive, 5)
	c.Ratio = cmp.Or(c.Ratio, 0.5)
	c.MinCalls = cmp.Or(c.MinCalls, 10)
	c.Window = cmp.Or(c.Window, 10*time.Second)
	c.SlowRatio = cmp.Or(c.SlowRatio, 0.5)
	c.OpenFor = cmp.Or(c.OpenFor, 5*time.Second)
	c.MaxOpen = cmp.Or(c.MaxOpen, time.Minute)
	c.ProbeLease = cmp.Or(c.ProbeLease, 10*time.Second)
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	return c
}
