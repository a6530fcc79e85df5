package cache

import (
	"hash/maphash"
	"time"
)

const (
	maxShards = 16 // a lock is held for some 50 ns; so many are hardly ever waited for
	perShard  = 64 // entries at least: fewer would make the luck of the hash felt
)

// store keeps a bounded number of entries, in shards by the hash of their key.
// A shard that is full drops the one that was used the longest time ago.
type store struct {
	seed   maphash.Seed
	shards []shard // a power of two
}

// entry is a response and when it came.
type entry struct {
	response any
	at       time.Duration
}

func newStore(entries int) *store {
	n := 1
	for n < maxShards && entries >= 2*n*perShard {
		n *= 2
	}
	s := &store{seed: maphash.MakeSeed(), shards: make([]shard, n)}
	for i := range s.shards {
		room := entries / n
		if i < entries%n {
			room++ // so that all together have room for entries
		}
		s.shards[i].init(room)
	}
	return s
}

func (s *store) of(key string) *shard {
	return &s.shards[maphash.String(s.seed, key)&uint64(len(s.shards)-1)]
}

func (s *store) get(key string) (entry, bool) { return s.of(key).get(key) }
func (s *store) put(key string, e entry)      { s.of(key).put(key, e) }
func (s *store) remove(key string)            { s.of(key).remove(key) }
