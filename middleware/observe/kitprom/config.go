package kitprom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says where the metrics are registered and how fine they are. All but
// the Registerer is good as it is when zero.
type Config struct {
	Registerer prometheus.Registerer // where the metrics go: must be given

	// Buckets are the upper bounds of the classic buckets in seconds, in
	// ascending order; from 1 ms to 10 s, 1, 2.5 and 5 of each power of ten, if nil;
	// none, so that only native ones are left, if empty.
	Buckets []float64

	// NativeFactor is how much wider each native bucket is than the one before it;
	// 1.1 if zero, no native buckets if 1.
	NativeFactor float64

	// Methods is how many methods of all services have metrics of their own on
	// each side; 1000 if zero. Those that come later are "other" of their service.
	Methods int

	// Instances is how many instances have metrics of attempts of their own, for
	// each method; those that come later are "other". No label instance if zero:
	// most services have too many instances, and new ones every day.
	Instances int

	// TraceID is the exemplar of a duration, such as kitotel.SampledTraceID: the trace
	// that the context's call is part of, or empty if there is none to see. No
	// exemplars if nil.
	TraceID func(ctx context.Context) string
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	switch {
	case c.Registerer == nil:
		return errors.New("kitprom: Config.Registerer is nil: want a registry, such as prometheus.NewRegistry() or prometheus.DefaultRegisterer")
	case !slices.IsSortedFunc(c.Buckets, upwards):
		return fmt.Errorf("kitprom: Config.Buckets is %v: want each above the one before, in seconds", c.Buckets)
	case c.NativeFactor != 0 && !(c.NativeFactor >= 1):
		return fmt.Errorf("kitprom: Config.NativeFactor is %v: want more than 1, 1 for no native buckets, or 0 for 1.1", c.NativeFactor)
	case c.Methods < 0:
		return fmt.Errorf("kitprom: Config.Methods is %d: want at least 1, or 0 for 1000", c.Methods)
	case c.Instances < 0:
		return fmt.Errorf("kitprom: Config.Instances is %d: want how many, or 0 for no label", c.Instances)
	}
	if c.Buckets != nil && len(c.Buckets) == 0 && c.NativeFactor == 1 {
		return errors.New("kitprom: Config.Buckets is empty and NativeFactor is 1: want buckets of one kind at least")
	}
	return nil
}

// upwards takes equal bounds, and what is not a number, for unsorted.
func upwards(a, b float64) int {
	if a > b {
		return 1
	}
	return -1
}

func (c Config) withDefaults() Config {
	if c.Buckets == nil {
		c.Buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	}
	c.NativeFactor = cmp.Or(c.NativeFactor, 1.1)
	c.Methods = cmp.Or(c.Methods, 1000)
	return c
}
