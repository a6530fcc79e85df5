package ratelimit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// Config says how many calls may begin. It must have one of Rate, Allower,
// Waiter and Limiter: there is no good limit for everybody.
type Config struct {
	// Rate is calls per second, and Burst how many may come at once after a
	// pause; a second's worth, rounded up, if zero.
	Rate  float64
	Burst int

	// MaxWait is how long a call may wait for its turn, with Rate; not at all if
	// zero. A call that could not have its turn by then, or by the deadline of
	// its context, is rejected without waiting.
	MaxWait time.Duration

	Allower Allower // lets a call through or not
	Waiter  Waiter  // holds a call back until its turn
	Limiter Limiter // is shared with other processes

	// Key returns whose limit a call counts against, with Rate or Limiter; all
	// count against one, whose key is empty, if nil.
	Key func(ctx context.Context, request any) string

	MaxKeys int // how many keys are remembered, with Rate; 10 000 if zero

	Timeout    time.Duration // of asking Limiter; 50 ms if zero
	FailClosed bool          // whether calls are rejected, with 503, when Limiter cannot say

	// OnError is called for each call about which Limiter cannot say, on the
	// caller's goroutine and for several at a time. Not called if nil.
	OnError func(ctx context.Context, err error)
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	switch {
	case c.ways() == 0:
		return fmt.Errorf("ratelimit: Config.Rate is %v: want calls per second, or one of Allower, Waiter and Limiter", c.Rate)
	case c.ways() > 1:
		return fmt.Errorf("ratelimit: Config.Rate is %v, and there are %d of Rate, Allower, Waiter and Limiter: want one", c.Rate, c.ways())
	case !(c.Rate >= 0 && c.Rate <= 1e9): // NaN too
		return fmt.Errorf("ratelimit: Config.Rate is %v: want more than 0 and at most 1e9 calls per second", c.Rate)
	case c.Burst < 0:
		return fmt.Errorf("ratelimit: Config.Burst is %d: want at least 1, or 0 for a second's worth", c.Burst)
	case c.MaxWait < 0:
		return fmt.Errorf("ratelimit: Config.MaxWait is %v: want more than 0, or 0 for no waiting", c.MaxWait)
	case c.MaxKeys < 0 || c.MaxKeys == 1:
		return fmt.Errorf("ratelimit: Config.MaxKeys is %d: want at least 2, or 0 for 10000", c.MaxKeys)
	case c.Timeout < 0:
		return fmt.Errorf("ratelimit: Config.Timeout is %v: want more than 0, or 0 for 50ms", c.Timeout)
	}
	return c.unheeded()
}

// unheeded returns an error that names a field which what decides does not heed.
func (c Config) unheeded() error {
	switch {
	case c.Burst > 0 && c.Rate == 0:
		return fmt.Errorf("ratelimit: Config.Burst is %d without Rate: want 0, as it is for Rate alone", c.Burst)
	case c.MaxWait > 0 && c.Rate == 0:
		return fmt.Errorf("ratelimit: Config.MaxWait is %v without Rate: want 0, as it is for Rate alone", c.MaxWait)
	case c.Key != nil && (c.Allower != nil || c.Waiter != nil):
		return errors.New("ratelimit: Config.Key is set with an Allower or a Waiter, which take none: want Rate or Limiter")
	}
	return nil
}

// ways counts what could decide.
func (c Config) ways() (n int) {
	for _, set := range []bool{c.Rate != 0, c.Allower != nil, c.Waiter != nil, c.Limiter != nil} {
		if set {
			n++
		}
	}
	return n
}

func (c Config) withDefaults() Config {
	c.Burst = cmp.Or(c.Burst, int(math.Ceil(c.Rate)))
	c.MaxKeys = cmp.Or(c.MaxKeys, 10_000)
	c.Timeout = cmp.Or(c.Timeout, 50*time.Millisecond)
	if c.OnError == nil {
		c.OnError = func(context.Context, error) {}
	}
	return c
}
