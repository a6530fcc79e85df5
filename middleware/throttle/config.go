package throttle

import (
	"cmp"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Config says when calls are rejected. The zero value is good.
type Config struct {
	Name string // of the service, for errors; none if empty

	// K is how many calls are let through for each that the service accepts, at
	// least 1; 2 if zero. A lower K spares the service more. A higher one
	// notices sooner that it can take more.
	K float64

	// Window is how far back calls are remembered; 2 min if zero. It should be
	// several times as long as a call takes. The throttle sets in and lets go
	// in proportion to it; see the package's documentation.
	Window time.Duration

	// MinOverloads is how many calls the service must have turned away, within
	// Window, before any is rejected here; 10 if zero.
	MinOverloads int

	// Trickle is the longest time without a call let through, as long as calls
	// come; 1 s if zero. It is what finds out that a service is back.
	Trickle time.Duration

	Classify classify.Func // what an outcome means; classify.Default if nil
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	d := c.withDefaults()
	switch {
	case !(d.K >= 1 && d.K <= 1e9): // NaN too
		return fmt.Errorf("throttle: Config.K is %v: want at least 1 and at most 1e9, or 0 for 2", c.K)
	case d.Window < time.Millisecond:
		return fmt.Errorf("throttle: Config.Window is %v: want at least 1ms, or 0 for 2m", c.Window)
	case c.MinOverloads < 0:
		return fmt.Errorf("throttle: Config.MinOverloads is %d: want at least 1, or 0 for 10", c.MinOverloads)
	case c.Trickle < 0:
		return fmt.Errorf("throttle: Config.Trickle is %v: want more than 0, or 0 for 1s", c.Trickle)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.K = cmp.Or(c.K, 2)
	c.Window = cmp.Or(c.Window, 2*time.Minute)
	c.MinOverloads = cmp.Or(c.MinOverloads, 10)
	c.Trickle = cmp.Or(c.Trickle, time.Second)
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	return c
}
