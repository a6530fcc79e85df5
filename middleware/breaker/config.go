package breaker

import (
	"cmp"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Config says when a circuit opens, and for how long. The zero value is good.
type Config struct {
	Name string // of the circuit that New makes, for errors and OnStateChange; Each uses the instance

	Consecutive int           // failures in a row, within Window, that open the circuit; 5 if zero
	Ratio       float64       // share of failed calls in Window that opens it, above 0 up to 1; 0.5 if zero
	MinCalls    int           // calls that ended in Window before Ratio counts; 10 if zero
	Window      time.Duration // how far back failures are remembered; 10 s if zero

	OpenFor time.Duration // first open time, doubled after each failed probe, ± 20 %; 5 s if zero
	MaxOpen time.Duration // limit of the doubling; 60 s if zero

	// ProbeLease is how long a probe may take before it counts as failed and
	// another call may probe; 10 s if zero. It ends a second after the deadline
	// of the probe's context if that is sooner.
	ProbeLease time.Duration

	Classify classify.Func // what an outcome means; classify.Default if nil

	// OnStateChange is called after a change, on the goroutine of the call or
	// the pick that caused it, so it should be quick. No lock is held: it may
	// call endpoints and may itself be called for several changes at a time.
	// Not called if nil.
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
	c.OpenFor = cmp.Or(c.OpenFor, 5*time.Second)
	c.MaxOpen = cmp.Or(c.MaxOpen, time.Minute)
	c.ProbeLease = cmp.Or(c.ProbeLease, 10*time.Second)
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	if c.OnStateChange == nil {
		c.OnStateChange = func(string, State, State) {}
	}
	return c
}
