package observe

import (
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/middleware/observe/internal/table"
)

// maxSamples is of how many methods of a side the samples are drawn apart. The others
// share one, so that methods which a caller made up do not fill the memory.
const maxSamples = 1000

// samples has one sample per side, service and method.
type samples struct {
	known [Attempt + 1]*table.Methods[*sample]
	rest  sample
}

func newSamples() *samples {
	s := &samples{}
	for i := range s.known {
		s.known[i] = table.NewMethods(maxSamples, func(string, string) *sample { return new(sample) })
	}
	return s
}

func (s *samples) of(c *Call) *sample {
	if one, ok := s.known[min(c.Side, Attempt)].Get(c.Service, c.Method); ok {
		return one
	}
	return &s.rest
}

// sample counts the calls of one method, to tell some of them.
type sample struct {
	successes atomic.Uint64
	failures  atomic.Uint64 // those of the second in its upper half, counted in its lower one
	left      atomic.Uint64 // how many failures were left out since the last that was told
}

// success reports whether to tell this one: the first of every so many.
func (s *sample) success(oneIn int) bool {
	return (s.successes.Add(1)-1)%uint64(oneIn) == 0
}

// failure reports whether to tell the one at now, and how many before it were
// not: the first so many of a second are told, then one in so many.
func (s *sample) failure(now time.Duration, first, oneIn int) (tell bool, left uint64) {
	nth := s.count(uint32(now / time.Second))
	if nth > uint64(first) && (nth-uint64(first))%uint64(oneIn) != 0 {
		s.left.Add(1)
		return false, 0
	}
	return true, s.left.Swap(0)
}

// count returns which of its second's failures this one is, 1 for the first. A
// second that is already over when its last failures come counts them with the
// next one.
func (s *sample) count(second uint32) uint64 {
	for {
		old := s.failures.Load()
		next := uint64(second)<<32 | 1
		if at := uint32(old >> 32); at >= second && old != 0 {
			next = old + 1
		}
		if s.failures.CompareAndSwap(old, next) {
			return next & (1<<32 - 1)
		}
	}
}
