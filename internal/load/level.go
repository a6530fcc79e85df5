package load

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
)

const (
	exact     = 8                 // so many counts have a level of their own
	octave    = 4                 // levels from there to twice as many, and so on
	levels    = exact + 13*octave // up to 65535 in flight; more is the last level
	remembers = 16                // latencies per level
	enough    = 5                 // latencies for a median; if a level has fewer, its neighbours help
	recent    = 10 * time.Second  // what is older says nothing about now
)

// levelOf returns the level of a count: itself when it is small, and then
// steps of a fifth to a quarter, since 100 in flight are as 110.
func levelOf(count int64) int {
	switch {
	case count < 0:
		return 0
	case count < exact:
		return int(count)
	}
	log := bits.Len64(uint64(count)) - 1       // 3 for 8 to 15
	step := int(count>>(log-2)) & (octave - 1) // the two bits below the highest
	return min(exact+(log-3)*octave+step, levels-1)
}

// level remembers the latest latencies of requests that began at one level.
type level struct {
	next    atomic.Uint32
	samples [remembers]atomic.Uint64 // see pack; 0: none yet
}

func (l *level) add(latency time.Duration, now time.Time) {
	l.samples[(l.next.Add(1)-1)%remembers].Store(pack(latency, now))
}

// pack puts a latency (microseconds, at least one and at most 71 minutes) and
// when it was taken (milliseconds, modulo 49 days) in one word, so that they
// are read as one.
func pack(latency time.Duration, now time.Time) uint64 {
	us := min(max(latency.Microseconds(), 1), 1<<32-1)
	return uint64(uint32(now.UnixMilli()))<<32 | uint64(us)
}

// unpack returns 0 if there is no sample, or it is not recent. A wall clock
// that is set costs some samples, or keeps some for longer.
func unpack(sample uint64, now time.Time) (us uint32) {
	if age := uint32(now.UnixMilli()) - uint32(sample>>32); age > uint32(recent/time.Millisecond) {
		return 0
	}
	return uint32(sample)
}

// median returns the median of recent latencies at the level at, and of as many
// levels around it as it takes to have enough; 0 if there is none.
func (m *Meter) median(at int, now time.Time) time.Duration {
	var room [enough - 1 + 2*remembers]uint32
	found := m.levels[at].gather(room[:0], now)
	for far := 1; far < levels && len(found) < enough; far++ {
		if below := at - far; below >= 0 {
			found = m.levels[below].gather(found, now)
		}
		if above := at + far; above < levels {
			found = m.levels[above].gather(found, now)
		}
	}
	if len(found) == 0 {
		return 0
	}
	slices.Sort(found)
	return time.Duration(found[len(found)/2]) * time.Microsecond
}

// gather appends the level's recent latencies to found.
func (l *level) gather(found []uint32, now time.Time) []uint32 {
	next := l.next.Load()
	if next == 0 || unpack(l.samples[(next-1)%remembers].Load(), now) == 0 {
		return found // never used, or long ago: the usual case
	}
	for i := range l.samples {
		if us := unpack(l.samples[i].Load(), now); us != 0 {
			found = append(found, us)
		}
	}
	return found
}
