package shed

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// spread is how many different times rejections give in one interval.
const spread = 8

// everybody is the share of calls let in that is one.
const everybody = 1 << 32

// interval is a time in which the shares of calls let in stand. But for what it
// counts, it is immutable, and replaced as a whole.
type interval struct {
	verdict
	began time.Duration
	keep  [priorities]uint64 // the share of calls that is let in, of everybody

	came     [priorities]atomic.Int64
	ended    atomic.Int64
	quickest atomic.Int64 // the shortest wait, in nanoseconds, plus one; 0: none

	rejects [spread]OverloadedError
}

// opening returns the interval that goes by a verdict.
func (s *shedder) opening(v verdict, began time.Duration) *interval {
	i := &interval{verdict: v, began: began, keep: v.shares()}
	for n := range i.rejects {
		i.rejects[n].after = time.Duration((1 + 2*rand.Float64()) * float64(s.Interval))
	}
	return i
}

// idle returns an interval that lets everybody in and knows of nothing.
func (s *shedder) idle(began time.Duration) *interval {
	return s.opening(verdict{budget: math.Inf(1)}, began)
}

// admit decides by chance, as the share of its priority says, whether a call is
// let in.
func (i *interval) admit(priority int) bool {
	i.came[priority].Add(1)
	keep := i.keep[priority]
	return keep == everybody || uint64(rand.Uint32()) < keep
}

// waited notes that a call waited so long. Of all calls of an interval the
// shortest wait counts, as in CoDel: a burst makes the longest one long, a
// standing queue all of them.
func (i *interval) waited(d time.Duration) {
	wait := int64(max(d, 0)) + 1
	for {
		old := i.quickest.Load()
		if old != 0 && old <= wait || i.quickest.CompareAndSwap(old, wait) {
			return
		}
	}
}
