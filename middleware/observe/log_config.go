package observe

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"
)

// LogConfig says which calls are written to a log. The zero value writes the
// failures, and of many failures some.
type LogConfig struct {
	Logger *slog.Logger // slog.Default, as it is when Log is called, if nil

	Slow      time.Duration // calls that take longer are told like failures; none if zero
	Successes int           // one in so many of a method is told, the first too; none if zero

	// Failures is how many failures and slow calls of one method are told in a
	// second; 10 if zero. Of the others in that second, one in Sample is told, 100
	// if zero. The next of these lines says how many of the method were left out.
	Failures int
	Sample   int

	MaxErr  int                              // bytes of an error's text; 256 if zero
	TraceID func(ctx context.Context) string // the trace a call is part of, such as kitotel.TraceID; none if nil or empty
}

// Validate returns an error that names the first field that makes no sense.
func (c LogConfig) Validate() error {
	switch {
	case c.Slow < 0:
		return fmt.Errorf("observe: LogConfig.Slow is %v: want more than 0, or 0 for no limit", c.Slow)
	case c.Successes < 0:
		return fmt.Errorf("observe: LogConfig.Successes is %d: want 1 in how many are told, or 0 for none", c.Successes)
	case c.Failures < 0:
		return fmt.Errorf("observe: LogConfig.Failures is %d: want how many are told in a second, or 0 for 10", c.Failures)
	case c.Sample < 0:
		return fmt.Errorf("observe: LogConfig.Sample is %d: want 1 in how many are told, or 0 for 100", c.Sample)
	case c.MaxErr < 0:
		return fmt.Errorf("observe: LogConfig.MaxErr is %d: want how many bytes, or 0 for 256", c.MaxErr)
	}
	return nil
}

func (c LogConfig) withDefaults() LogConfig {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Failures = cmp.Or(c.Failures, 10)
	c.Sample = cmp.Or(c.Sample, 100)
	c.MaxErr = cmp.Or(c.MaxErr, 256)
	if c.TraceID == nil {
		c.TraceID = func(context.Context) string { return "" }
	}
	return c
}
