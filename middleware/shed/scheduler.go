package shed

import (
	"runtime/metrics"
	"time"
)

const (
	waiting = 0.9 // the quantile of waits that counts
	fewest  = 20  // waits that say something
)

// scheduler measures how long goroutines wait, ready to run, until they do: a
// call is a goroutine, so where there is more to do than CPU to do it, this is
// its queue. Its methods are for one goroutine at a time.
//
// The quantile is a compromise that was measured, with calls of 5 ms on two
// CPUs. The shortest wait, as CoDel has it, and the median are short even under
// overload, since goroutines that hand work to one another run at once. The
// 99th percentile is half a time slice long already when nothing is wrong. The
// 90th was 1 to 2 ms at 30 to 95 % load, 4 ms after two seconds at 120 %, and
// 170 ms after as long at 200 %.
type scheduler struct {
	sample [1]metrics.Sample
	seen   []uint64 // the histogram's counts as they were last
}

// wait returns the quantile of the waits since it was called last; the first
// time, since the process began.
func (s *scheduler) wait() (time.Duration, bool) {
	s.sample[0].Name = "/sched/latencies:seconds"
	metrics.Read(s.sample[:])
	if s.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0, false
	}
	h := s.sample[0].Value.Float64Histogram()
	if len(s.seen) != len(h.Counts) {
		s.seen = make([]uint64, len(h.Counts))
	}
	var total uint64
	for i, n := range h.Counts {
		s.seen[i] = n - s.seen[i] // what is new, until the loop below
		total += s.seen[i]
	}
	wait := time.Duration(-1)
	var below uint64
	for i, n := range h.Counts {
		below += s.seen[i]
		if wait < 0 && float64(below) >= waiting*float64(total) {
			wait = time.Duration(max(h.Buckets[i], 0) * float64(time.Second)) // its lower end: at least so long
		}
		s.seen[i] = n
	}
	return max(wait, 0), total >= fewest
}
