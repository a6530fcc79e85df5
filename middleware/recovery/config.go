package recovery

import (
	"context"
	"os"

	"github.com/go-kit/log"
)

// Config says who is told of a panic. The zero value is good, and there is no
// value that makes no sense.
type Config struct {
	// Logger gets one line per panic, with its value and its stack; a
	// logfmt logger on standard error if nil, since a panic must not be
	// silent. log.NewNopLogger() silences it.
	Logger log.Logger

	// OnPanic is called after Logger, on the goroutine of the call, which waits
	// for it; so it should be quick. It may panic: that is logged, and the call
	// ends as it would have. Not called if nil.
	OnPanic func(ctx context.Context, p *Panic)
}

// Validate returns nil: every Config makes sense. It is there so that whoever
// checks the Configs of several policies need not know which can be wrong.
func (c Config) Validate() error { return nil }

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = log.NewLogfmtLogger(log.NewSyncWriter(os.Stderr))
	}
	if c.OnPanic == nil {
		c.OnPanic = func(context.Context, *Panic) {}
	}
	return c
}
