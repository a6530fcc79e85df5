package shed

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Config says what overload is, and whose calls are turned away first. The zero
// value is good.
type Config struct {
	// MaxCPU is the share of the CPU that this process may use, beyond which
	// calls are turned away; 0.95 if zero.
	MaxCPU float64

	// MaxWait is how long calls may wait until they run, beyond which calls are
	// turned away; 20 ms if zero.
	MaxWait time.Duration

	// Interval is how often both are looked at, at most; 250 ms if zero.
	Interval time.Duration

	// Priority returns a call's priority; what WithPriority said if nil. It is
	// called once per call, on its goroutine.
	Priority func(ctx context.Context, request any) Priority

	// Arrived returns when a call came, so that the time it has waited counts:
	// the time a proxy stamped on it, or when its message was queued. A zero
	// time means unknown. Not asked if nil.
	Arrived func(ctx context.Context) time.Time

	// CPU returns the share of the CPU in use since it was called last, and
	// whether that is known. It is called once per Interval, by one call at a
	// time, and waited for. NaN, infinity and less than 0 count as unknown. What
	// the operating system says of the process and its container if nil. Any
	// other share of a resource that calls use up will do.
	CPU func() (share float64, ok bool)

	// Wait returns how long nine of ten goroutines waited at most until they
	// ran, since it was called last, and whether that is known. It is called as
	// CPU is. What Go's scheduler says if nil.
	Wait func() (wait time.Duration, ok bool)
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	d := c.withDefaults()
	switch {
	case !(d.MaxCPU > 0 && d.MaxCPU <= 1): // NaN too
		return fmt.Errorf("shed: Config.MaxCPU is %v: want more than 0 and at most 1, or 0 for 0.95", c.MaxCPU)
	case c.MaxWait < 0:
		return fmt.Errorf("shed: Config.MaxWait is %v: want more than 0, or 0 for 20ms", c.MaxWait)
	case d.Interval < time.Millisecond:
		return fmt.Errorf("shed: Config.Interval is %v: want at least 1ms, or 0 for 250ms", c.Interval)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.MaxCPU = cmp.Or(c.MaxCPU, 0.95)
	c.MaxWait = cmp.Or(c.MaxWait, 20*time.Millisecond)
	c.Interval = cmp.Or(c.Interval, 250*time.Millisecond)
	if c.Priority == nil {
		c.Priority = priorityOf
	}
	return c
}
