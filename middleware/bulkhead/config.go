package bulkhead

import (
	"cmp"
	"fmt"
	"time"
)

// Config says how many calls may be under way, and how many may wait. The zero
// value is good.
type Config struct {
	MaxInFlight int // calls under way at a time; 100 if zero
	MaxQueue    int // calls that wait for one of those to end; as many as MaxInFlight if zero, none if negative

	// MaxWait is the longest time in the queue; 100 ms if zero. If negative, a
	// call waits until there is room or its context ends.
	MaxWait time.Duration
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	if c.MaxInFlight < 0 {
		return fmt.Errorf("bulkhead: Config.MaxInFlight is %d: want at least 1, or 0 for 100", c.MaxInFlight)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.MaxInFlight = cmp.Or(c.MaxInFlight, 100)
	c.MaxQueue = max(0, cmp.Or(c.MaxQueue, c.MaxInFlight))
	c.MaxWait = cmp.Or(c.MaxWait, 100*time.Millisecond)
	return c
}
