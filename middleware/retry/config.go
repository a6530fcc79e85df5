package retry

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Config says how often and when to try again. The zero value is good for
// calls that are not idempotent.
type Config struct {
	Attempts int // including the first; 3 if zero

	// AttemptTimeout bounds one attempt, and its context ends when the attempt
	// returns; 2 s if zero, none if negative. Whoever reads from the response
	// later (go-kit's BufferedStream) needs none: then the attempt's context
	// lives as long as the caller's.
	AttemptTimeout time.Duration

	MinBackoff time.Duration // upper bound of the first random pause, doubled each time; 10 ms if zero
	MaxBackoff time.Duration // upper bound of every pause; 1 s if zero

	// Idempotent says that an instance may get the call twice. If false, only
	// calls that were not sent are retried.
	Idempotent bool

	Classify classify.Func // what an outcome means; classify.Default if nil

	// OnRetry is called on the caller's goroutine when another attempt is about
	// to start, with its number (2 for the first retry) and the error of the
	// one before. Not called if nil.
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
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Attempts = cmp.Or(c.Attempts, 3)
	c.AttemptTimeout = cmp.Or(c.AttemptTimeout, 2*time.Second)
	c.MinBackoff = cmp.Or(c.MinBackoff, 10*time.Millisecond)
	c.MaxBackoff = cmp.Or(c.MaxBackoff, time.Second)
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	if c.OnRetry == nil {
		c.OnRetry = func(context.Context, int, error) {}
	}
	return c
}
