// Package table keeps what observers know of each method: read by every call,
// written when a method is seen for the first time.
package table

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Table has a value for each key, up to a number of them. Its methods are safe
// for concurrent use; reading takes no lock and allocates nothing.
type Table[K comparable, V any] struct {
	limit int
	fill  func(K) V
	now   atomic.Pointer[map[K]V] // never changed, but replaced

	mu sync.Mutex // makes now by one at a time
}

// New returns a table of up to limit keys. A value is made by fill, once.
func New[K comparable, V any](limit int, fill func(K) V) *Table[K, V] {
	t := &Table[K, V]{limit: limit, fill: fill}
	t.now.Store(&map[K]V{})
	return t
}

// Get returns the value of key, which it makes if there is room, and else
// whether there was none.
func (t *Table[K, V]) Get(key K) (value V, ok bool) {
	now := *t.now.Load()
	if value, ok = now[key]; ok || len(now) >= t.limit {
		return value, ok
	}
	return t.add(key)
}

func (t *Table[K, V]) add(key K) (value V, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := *t.now.Load()
	if value, ok = now[key]; ok || len(now) >= t.limit {
		return value, ok
	}
	next := maps.Clone(now)
	value = t.fill(key)
	next[key] = value
	t.now.Store(&next)
	return value, true
}

// All returns what is in the table, not to be changed.
func (t *Table[K, V]) All() map[K]V { return *t.now.Load() }
