package retry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Config says how often and when to try again. The zero value is good for
// calls that are not idempotent.
type Config struct {
	Attempts int // including the first; 3 if zero, 1 for none but the first

	// AttemptTimeout bounds one attempt, and its context ends when the attempt
	// returns; 2 s if zero, none if negative. See Streams for responses that are
	// read later.
	AttemptTimeout time.Duration

	MinBackoff  time.Duration // upper bound of the first random pause, doubled each time; 10 ms if zero
	MaxBackoff  time.Duration // upper bound of every pause; 1 s if zero
	MaxPushback time.Duration // a server that wants a longer pause than this is not called again; 5 s if zero

	// Idempotent says that an instance may get the call twice. If false, only
	// calls that were not sent, or turned down with a time to come again, are
	// retried.
	Idempotent bool

	// Faults says that an idempotent call is also made again after an error that
	// the server reports of itself (classify.Fault: 500, Internal, Unknown). Most
	// of these come back at every instance.
	Faults bool

	Budget    *Budget // bounds the further attempts of all policies that share it; NewBudget(BudgetConfig{}) if nil
	Unbounded bool    // no budget: for jobs that may take all night, never for services

	// Hedge makes a second attempt while the first is slow, with the same request:
	// endpoints must not change it. No second attempt at a time if nil.
	Hedge *HedgeConfig

	// Streams is for responses that outlive their call and say so by a method
	// OnEnd(func(error)), as lb.Stream: the attempt's context lives until the response
	// ends, and from its return on without AttemptTimeout. Without it, such a
	// response keeps its context too, but is cut off by AttemptTimeout. Either way
	// it must end when its context does: of a response that is not returned, since
	// the other attempt won or a Classify took it for a failure, only that ends.
	//
	// The price is that contexts derived from the attempt's end with
	// context.Canceled when the timeout is over, and tell by their cause alone.
	Streams bool

	Classify classify.Func // what an outcome means; classify.Default if nil

	// OnRetry is called when another attempt is about to start, with its number (2
	// for the first retry) and the error of the one before, or ErrSlow if that
	// goes on. It runs on the goroutine of the attempt, which waits for it. Not
	// called if nil.
	OnRetry func(ctx context.Context, attempt int, err error)
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	d := c.withDefaults()
	switch {
	case c.Attempts < 0:
		return fmt.Errorf("retry: Config.Attempts is %d: want at least 1, or 0 for 3", c.Attempts)
	case c.MinBackoff < 0:
		return fmt.Errorf("retry: Config.MinBackoff is %v: want more than 0, or 0 for 10ms", c.MinBackoff)
	case c.MaxBackoff < 0:
		return fmt.Errorf("retry: Config.MaxBackoff is %v: want more than 0, or 0 for 1s", c.MaxBackoff)
	case d.MinBackoff > d.MaxBackoff:
		return fmt.Errorf("retry: Config.MinBackoff %v is above MaxBackoff %v: lower the one or raise the other", d.MinBackoff, d.MaxBackoff)
	case c.MaxPushback < 0:
		return fmt.Errorf("retry: Config.MaxPushback is %v: want more than 0, or 0 for 5s", c.MaxPushback)
	case c.Faults && !c.Idempotent:
		return errors.New("retry: Config.Faults needs Idempotent: a call that failed at the server may have been carried out; set both, or neither")
	case c.Unbounded && c.Budget != nil:
		return errors.New("retry: Config.Budget and Unbounded contradict each other: drop one")
	case c.Hedge == nil:
		return nil
	case !c.Idempotent:
		return errors.New("retry: Config.Hedge needs Idempotent: two instances get the call; set Idempotent if that does no harm, or drop Hedge")
	case d.Attempts < 2:
		return fmt.Errorf("retry: Config.Hedge needs Attempts of at least 2, not %d: raise it, or drop Hedge", d.Attempts)
	}
	return c.Hedge.Validate()
}

func (c Config) withDefaults() Config {
	c.Attempts = cmp.Or(c.Attempts, 3)
	c.AttemptTimeout = cmp.Or(c.AttemptTimeout, 2*time.Second)
	c.MinBackoff = cmp.Or(c.MinBackoff, 10*time.Millisecond)
	c.MaxBackoff = cmp.Or(c.MaxBackoff, time.Second)
	c.MaxPushback = cmp.Or(c.MaxPushback, 5*time.Second)
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	if c.OnRetry == nil {
		c.OnRetry = func(context.Context, int, error) {}
	}
	return c
}
