package limit

import (
	"cmp"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// most is the highest Max: far more calls than a process holds, and little enough
// for any int and float64.
const most = 1 << 30

// Config says between what bounds a limit moves, and how. The zero value is
// good.
type Config struct {
	Name string // of the limit that New makes, for errors and OnNew; Each uses the instance

	Min     int // calls at a time that are always let through; 4 if zero, of Each 1
	Max     int // calls at a time that never are exceeded; 1000 if zero, at most 2^30
	Initial int // the limit to start from; 20 if zero, within Min and Max

	// Tolerance is how many times as long as without load calls may take
	// before New's limit falls; 1.5 if zero. More lets in longer queues and
	// is less disturbed by calls that differ from one another.
	Tolerance float64

	// Window is how long New looks at calls, at least, before it moves the
	// limit; 100 ms if zero. Few or slow calls make it longer.
	Window time.Duration

	// ProbeEvery is how often New looks how long calls take without a queue,
	// while the limit holds calls back; 10 s if zero, ± 20 %, and no more often
	// than once in the time of a hundred calls. See the package.
	ProbeEvery time.Duration

	// Backoff is what Each's limit is multiplied by when calls fail; 0.9 if
	// zero.
	Backoff float64

	Classify classify.Func // what an outcome means; classify.Default if nil

	// OnNew is called for each limit as it is made, with what reads it: for metrics
	// and pages, which ask when they want to know, so that no call waits for them.
	// Who keeps the function keeps the limit. Not called if nil.
	OnNew func(instance string, stats func() Stats)
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	d := c.withDefaults(1)
	switch {
	case c.Min < 0:
		return fmt.Errorf("limit: Config.Min is %d: want at least 1, or 0 for the default", c.Min)
	case c.Max < 0:
		return fmt.Errorf("limit: Config.Max is %d: want at least 1, or 0 for 1000", c.Max)
	case c.Initial < 0:
		return fmt.Errorf("limit: Config.Initial is %d: want at least 1, or 0 for 20", c.Initial)
	case c.Max > most:
		return fmt.Errorf("limit: Config.Max is %d: want at most %d, which is as good as no limit", c.Max, most)
	case c.Min > d.Max:
		return fmt.Errorf("limit: Config.Min %d is above Max %d: lower the one or raise the other", c.Min, d.Max)
	case c.Initial > 0 && (c.Initial < c.Min || c.Initial > d.Max):
		return fmt.Errorf("limit: Config.Initial is %d: want between Min %d and Max %d", c.Initial, c.Min, d.Max)
	case !(d.Tolerance > 1 && d.Tolerance <= 10): // NaN too
		return fmt.Errorf("limit: Config.Tolerance is %v: want more than 1 and at most 10, or 0 for 1.5", c.Tolerance)
	case d.Window < time.Millisecond:
		return fmt.Errorf("limit: Config.Window is %v: want at least 1ms, or 0 for 100ms", c.Window)
	case d.ProbeEvery < d.Window:
		return fmt.Errorf("limit: Config.ProbeEvery is %v (10s if zero): want at least Window %v", c.ProbeEvery, d.Window)
	case !(d.Backoff > 0 && d.Backoff < 1):
		return fmt.Errorf("limit: Config.Backoff is %v: want more than 0 and less than 1, or 0 for 0.9", c.Backoff)
	}
	return nil
}

// withDefaults fills in what is zero; least is the default of Min.
func (c Config) withDefaults(least int) Config {
	c.Max = cmp.Or(c.Max, 1000)
	c.Min = min(cmp.Or(c.Min, least), c.Max)
	c.Initial = min(max(cmp.Or(c.Initial, 20), c.Min), c.Max)
	c.Tolerance = cmp.Or(c.Tolerance, 1.5)
	c.Window = cmp.Or(c.Window, 100*time.Millisecond)
	c.ProbeEvery = cmp.Or(c.ProbeEvery, 10*time.Second)
	c.Backoff = cmp.Or(c.Backoff, 0.9)
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	if c.OnNew == nil {
		c.OnNew = func(string, func() Stats) {}
	}
	return c
}
