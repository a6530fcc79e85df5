package ratelimit

import (
	"crypto/sha256"
	"strings"
	"sync"
	"sync/atomic"
)

// longest is the longest key that is kept as it is.
const longest = 128

// keys has a bucket for each key that called lately. It is two maps: who is
// found in the old one moves to the young one, and when that is half of all the
// keys there may be, it becomes the old one and the old one is dropped. So who
// was dropped has not called since half as many others came.
type keys struct {
	half   int
	bucket func() *bucket

	maps atomic.Pointer[maps] // written under mu

	mu    sync.Mutex // guards count; taken when a key is new to the young map
	count int        // keys in the young map
}

type maps struct{ young, old *sync.Map }

func newKeys(most int, bucket func() *bucket) *keys {
	k := &keys{half: max(1, most/2), bucket: bucket}
	k.maps.Store(&maps{new(sync.Map), new(sync.Map)})
	return k
}

// of returns the bucket of key.
func (k *keys) of(key string) *bucket {
	if len(key) > longest {
		sum := sha256.Sum256([]byte(key))
		key = string(sum[:])
	}
	if b, ok := find(k.maps.Load().young, key); ok {
		return b
	}
	return k.move(key)
}

// move puts the bucket of key, or a new one, into the young map.
func (k *keys) move(key string) *bucket {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.maps.Load()
	if b, ok := find(m.young, key); ok { // somebody was first
		return b
	}
	b, ok := find(m.old, key)
	if !ok {
		b = k.bucket()
	}
	if k.count >= k.half {
		m = &maps{young: new(sync.Map), old: m.young}
		k.maps.Store(m)
		k.count = 0
	}
	m.young.Store(strings.Clone(key), b) // a clone, not to keep the request that it was cut from
	k.count++
	return b
}

func find(m *sync.Map, key string) (*bucket, bool) {
	v, ok := m.Load(key)
	if !ok {
		return nil, false
	}
	b, ok := v.(*bucket)
	return b, ok
}
