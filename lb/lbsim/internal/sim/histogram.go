package sim

import (
	"math"
	"time"
)

// histogram counts durations in buckets that are 0.2 % wide: those that share
// exponent and first nine bits as floating-point numbers.
type histogram struct {
	counts [64 << sub]uint32
	count  int
	sum    float64
}

const sub = 9

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(d)]++
	h.count++
	h.sum += float64(d)
}

func bucket(d time.Duration) uint64 {
	return math.Float64bits(float64(max(d, 1)))>>(52-sub) - 1023<<sub
}

func (h *histogram) mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.count))
}

// quantile returns the middle of the bucket in which the share q of all ends.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(h.count)))
	seen := uint64(0)
	for i, n := range h.counts {
		if seen += uint64(n); seen >= rank && n > 0 {
			at := func(i uint64) float64 { return math.Float64frombits((i + 1023<<sub) << (52 - sub)) }
			return time.Duration((at(uint64(i)) + at(uint64(i)+1)) / 2)
		}
	}
	return 0
}
