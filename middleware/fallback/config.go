package fallback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Func answers a call that failed with err. What it returns is what the caller
// gets; to decline, it returns err. It is called on the caller's goroutine and
// must be safe for concurrent use.
type Func func(ctx context.Context, request any, err error) (any, error)

// Config says what answers when a call fails. Only Fallback is needed.
type Config struct {
	Fallback Func // the second best answer; New panics if nil

	// When decides whether Fallback answers; if nil, it does when the call
	// failed and the caller still waits, as the package's documentation has it.
	// It sees the call's own context, and if err is nil, the response was found
	// wanting: Fallback then gets an error that says so.
	When func(ctx context.Context, response any, err error) bool

	// Reserve is kept for Fallback out of the time before the caller's deadline,
	// but never more than half of it; nothing if zero. Set it where Fallback
	// itself calls somebody.
	Reserve time.Duration

	Classify classify.Func // what an outcome means to When if that is nil; classify.Default if nil
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	switch {
	case c.Fallback == nil:
		return errors.New("fallback: Config.Fallback is nil: want a function that answers when the call fails")
	case c.Reserve < 0:
		return fmt.Errorf("fallback: Config.Reserve is %v: want more than 0, or 0 for none", c.Reserve)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	if c.When == nil {
		c.When = c.failed
	}
	return c
}

// failed is the default of When. Whose context is cancelled has hung up. One
// whose deadline has passed may still be there: it is often the total timeout's,
// right outside of here.
func (c Config) failed(ctx context.Context, response any, err error) bool {
	return c.Classify(ctx, response, err) != classify.Success && !errors.Is(ctx.Err(), context.Canceled)
}
