package timeout

import (
	"cmp"
	"fmt"
	"time"
)

// Config says how long a call may take. The zero value is good.
type Config struct {
	// Timeout bounds the whole call, with all its attempts and pauses; 10 s if
	// zero, none if negative. A caller whose deadline is sooner keeps that.
	Timeout time.Duration

	// Least is how much time a call must have to be worth starting; if zero, it
	// must not be past its deadline.
	Least time.Duration

	// Measured also rejects a call that has less time than half of the recent
	// ones took. All endpoints that the policy wraps are measured together, so
	// give methods that are quick and slow a policy each. Not measured if false.
	Measured bool
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	d := c.withDefaults()
	switch {
	case c.Least < 0:
		return fmt.Errorf("timeout: Config.Least is %v: want more than 0, or 0 for none", c.Least)
	case d.Timeout > 0 && c.Least >= d.Timeout:
		return fmt.Errorf("timeout: Config.Least %v is not below Timeout %v, so that every call would be rejected: lower the one or raise the other", c.Least, d.Timeout)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	return c
}
