package cache

import "sync/atomic"

// Stats counts what became of the calls that have a key. The zero Stats is
// ready; it is safe for concurrent use, and one may count for several caches.
// Do not copy it.
type Stats struct {
	Hits   atomic.Uint64 // answered from the cache, instead of a call
	Misses atomic.Uint64 // calls made, whatever their end
	Stale  atomic.Uint64 // of those, the ones that failed and were answered from the cache
}

// The methods of a nil *Stats do nothing: whoever wants no figures pays nothing.

func (s *Stats) hit() {
	if s != nil {
		s.Hits.Add(1)
	}
}

func (s *Stats) miss() {
	if s != nil {
		s.Misses.Add(1)
	}
}

func (s *Stats) stale() {
	if s != nil {
		s.Stale.Add(1)
	}
}
