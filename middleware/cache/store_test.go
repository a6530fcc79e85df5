package cache

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// model is the obvious least-recently-used list: the last used in front.
type model struct {
	room    int
	keys    []string
	entries map[string]entry
}

func (m *model) use(key string) {
	if i := slices.Index(m.keys, key); i >= 0 {
		m.keys = slices.Delete(m.keys, i, i+1)
	}
	m.keys = slices.Insert(m.keys, 0, key)
}

func (m *model) get(key string) (entry, bool) {
	e, ok := m.entries[key]
	if ok {
		m.use(key)
	}
	return e, ok
}

func (m *model) put(key string, e entry) {
	m.use(key)
	m.entries[key] = e
	if len(m.keys) > m.room {
		delete(m.entries, m.keys[m.room])
		m.keys = m.keys[:m.room]
	}
}

func (m *model) remove(key string) {
	m.keys = slices.DeleteFunc(m.keys, func(k string) bool { return k == key })
	delete(m.entries, key)
}

// keys walks the shard's list in both directions and returns it.
func (s *shard) keys(t *testing.T) []string {
	t.Helper()
	var there, back []string
	for n := s.ring.next; n != &s.ring; n = n.next {
		there = append(there, n.key)
		if s.index[n.key] != n {
			t.Errorf("%s is in the list and not in the index", n.key)
		}
	}
	for n := s.ring.prev; n != &s.ring; n = n.prev {
		back = append(back, n.key)
	}
	slices.Reverse(back)
	if diff := cmp.Diff(there, back); diff != "" {
		t.Errorf("the list's two directions differ:\n%s", diff)
	}
	if len(there) != len(s.index) {
		t.Errorf("%d in the list, %d in the index", len(there), len(s.index))
	}
	return there
}

// play does to a shard and to the model what ops says.
func play(t *testing.T, room int, ops []byte) {
	t.Helper()
	var s shard
	s.init(room)
	m := model{room: room, entries: make(map[string]entry)}
	for i, op := range ops {
		key := fmt.Sprint("key", op>>2%16)
		switch op & 3 {
		case 0, 1:
			e := entry{response: i, at: time.Duration(i)}
			s.put(key, e)
			m.put(key, e)
		case 2:
			got, ok := s.get(key)
			want, wantOK := m.get(key)
			if got != want || ok != wantOK {
				t.Fatalf("operation %d: get %s = %v %v, want %v %v", i, key, got, ok, want, wantOK)
			}
		case 3:
			s.remove(key)
			m.remove(key)
		}
		if diff := cmp.Diff(m.keys, s.keys(t)); diff != "" && len(m.keys) > 0 {
			t.Fatalf("operation %d: keys (-want +got):\n%s", i, diff)
		}
	}
}

func TestShardIsAnLRU(t *testing.T) {
	for room := 1; room <= 20; room++ {
		ops := make([]byte, 500)
		for i := range ops {
			ops[i] = byte(rand.IntN(256))
		}
		play(t, room, ops)
	}
}

func FuzzShard(f *testing.F) {
	f.Add(uint8(1), []byte{0, 4, 2, 3, 7})
	f.Add(uint8(3), []byte("the quick brown fox"))
	f.Fuzz(func(t *testing.T, room uint8, ops []byte) {
		play(t, 1+int(room%20), ops)
	})
}

// TestStoreIsBounded: all shards together have room for what was asked for.
func TestStoreIsBounded(t *testing.T) {
	for _, entries := range []int{1, 2, 63, 64, 127, 128, 129, 1000, 1024, 5000, 1<<14 + 7} {
		s := newStore(entries)
		room := 0
		for i := range s.shards {
			room += s.shards[i].room
			if len(s.shards) > 1 && s.shards[i].room < perShard {
				t.Errorf("%d entries: a shard has room for %d", entries, s.shards[i].room)
			}
		}
		if n := len(s.shards); room != entries || n&(n-1) != 0 || n > maxShards {
			t.Errorf("%d entries: room for %d in %d shards", entries, room, n)
		}
		for i := range 2 * entries {
			s.put(fmt.Sprint(i), entry{response: i})
		}
		held := 0
		for i := range s.shards {
			held += len(s.shards[i].keys(t))
		}
		if held > entries || held < entries*9/10 { // short by the hash's luck
			t.Errorf("%d entries: %d are kept after twice as many", entries, held)
		}
	}
}

func TestStoreInParallel(t *testing.T) { // for the race detector
	s := newStore(200)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				n := rand.IntN(400)
				key := fmt.Sprint(n)
				switch rand.IntN(4) {
				case 0:
					s.put(key, entry{response: n})
				case 1:
					s.remove(key)
				default:
					if e, ok := s.get(key); ok && e.response != n {
						t.Errorf("%s gives %v", key, e.response)
					}
				}
			}
		})
	}
	wg.Wait()
	for i := range s.shards {
		s.shards[i].keys(t)
	}
}
