package cache

import "sync"

// shard is a least-recently-used list with an index. Entries are made on demand
// and, once there is no room for more, used again.
type shard struct {
	// mu guards all below. It is a lock and not atomics since a hit moves an
	// entry to the front of a list; no call and no callback runs under it.
	mu    sync.Mutex
	room  int
	index map[string]*node
	ring  node // of all nodes: next is the last used, prev the first to go

	_ [64]byte // the next shard's lock is another cache line's
}

type node struct {
	prev, next *node
	key        string
	entry
}

func (s *shard) init(room int) {
	s.room, s.index = room, make(map[string]*node)
	s.ring.prev, s.ring.next = &s.ring, &s.ring
}

func (s *shard) get(key string) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.index[key]
	if n == nil {
		return entry{}, false
	}
	s.toFront(n)
	return n.entry, true
}

func (s *shard) put(key string, e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.index[key]
	if n == nil {
		n = s.free()
		n.key = key
		s.index[key] = n
	}
	n.entry = e
	s.toFront(n)
}

func (s *shard) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.index[key]; n != nil {
		delete(s.index, key)
		n.unlink()
	}
}

// free returns a node that is in no list: a new one, or that of the entry that
// has to go. It needs s.mu.
func (s *shard) free() *node {
	if len(s.index) < s.room {
		return new(node)
	}
	n := s.ring.prev
	delete(s.index, n.key)
	n.unlink()
	return n
}

// toFront needs s.mu; n may be in no list yet.
func (s *shard) toFront(n *node) {
	if s.ring.next == n {
		return
	}
	if n.next != nil {
		n.unlink()
	}
	n.prev, n.next = &s.ring, s.ring.next
	n.prev.next, n.next.prev = n, n
}

func (n *node) unlink() {
	n.prev.next, n.next.prev = n.next, n.prev
	n.prev, n.next = nil, nil
}
