package latency

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	span    = 10 * time.Second // of one slot
	slots   = 3                // the current one, the one before, and one that is too old to be read
	sub     = 8                // buckets to a power of two
	least   = 10               // 2^10 ns: what is shorter counts as a microsecond
	octaves = 28               // up to 2^38 ns, 275 s: what is longer counts as that
	buckets = octaves * sub
	few     = 10 // samples, below which nothing is known
)

// Window remembers the calls of the last ten to twenty seconds. The zero Window
// is empty and ready. It is safe for concurrent use, without locks: while a slot is
// emptied, once in ten seconds, a sample that comes can be lost, and who reads can
// see some that are older. Do not copy it.
//
// Its methods take the time since any fixed moment, the same for all calls; what
// is negative counts as 0.
type Window struct {
	slots [slots]slot
}

type slot struct {
	epoch  atomic.Int64 // which span it is of, counted from 1; 0: never used
	counts [buckets]atomic.Uint32
}

// Add adds a call that ended at now and took d.
func (w *Window) Add(now, d time.Duration) {
	e := epochOf(now)
	s := &w.slots[e%slots]
	switch was := s.epoch.Load(); {
	case was > e:
		return // of a span that is over: nobody reads it any more
	case was < e && s.epoch.CompareAndSwap(was, e):
		s.empty() // what it had is of a span that is over
	}
	s.counts[bucketOf(d)].Add(1)
}

func (s *slot) empty() {
	for i := range s.counts {
		s.counts[i].Store(0)
	}
}

// Quantile returns how long the share q (in [0, 1]) of the recent calls took at
// most. It is false if there were fewer than ten, or too few to tell: the 99th
// percentile needs a hundred. It looks at every bucket, which takes a good part
// of a microsecond.
func (w *Window) Quantile(now time.Duration, q float64) (time.Duration, bool) {
	e := epochOf(now)
	var sum [buckets]uint32
	n := uint64(0)
	for i := range w.slots {
		s := &w.slots[i]
		if was := s.epoch.Load(); was != e && was != e-1 || was == 0 {
			continue
		}
		for j := range s.counts {
			c := s.counts[j].Load()
			sum[j] += c
			n += uint64(c)
		}
	}
	q = math.Min(math.Max(q, 0), 1)
	if n < few || float64(n)*(1-q) < 1 && q < 1 {
		return 0, false
	}
	return find(&sum, q*float64(n)), true
}

// find returns the latency below which rank samples are.
func find(sum *[buckets]uint32, rank float64) time.Duration {
	seen, last := 0.0, 0
	for i, c := range sum {
		if c == 0 {
			continue
		}
		last = i
		if seen+float64(c) >= rank {
			from, to := bounds(i)
			return from + time.Duration(float64(to-from)*max(rank-seen, 0)/float64(c))
		}
		seen += float64(c)
	}
	_, to := bounds(last)
	return to
}

func epochOf(now time.Duration) int64 { return int64(max(now, 0)/span) + 1 }

// bucketOf returns the bucket of d: its power of two, and the three bits after
// the first.
func bucketOf(d time.Duration) int {
	v := uint64(max(d, 1<<least))
	octave := bits.Len64(v) - 1
	if octave >= least+octaves {
		return buckets - 1
	}
	return (octave-least)*sub + int(v>>(octave-3))&(sub-1)
}

// bounds returns the latencies between which those of bucket i are.
func bounds(i int) (from, to time.Duration) {
	width := time.Duration(1) << (i/sub + least - 3)
	from = width * time.Duration(sub+i%sub)
	return from, from + width
}
