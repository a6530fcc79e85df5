package ratelimit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
)

func TestEachKeyHasItsOwnLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mw := New(Config{Rate: 5, Key: caller})
		sum, concat := mw(endpoint.Nop), mw(endpoint.Nop)
		for _, name := range []string{"ann", "bob", ""} {
			if got := through(t, sum, 3, name) + through(t, concat, 10, name); got != 5 {
				t.Errorf("%q: %d calls of both methods go through, want 5", name, got)
			}
		}
		if got := retryAfter(t, sum, "ann"); got != 200*time.Millisecond {
			t.Errorf("come again in %v, want 200ms", got)
		}
	})
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}

func newBucket() *bucket { return Config{Rate: 1, Burst: 1}.bucket() }

// TestWhoIsRemembered compares with a list of those who called last: the most
// recent half always, and never more than there may be.
func TestWhoIsRemembered(t *testing.T) {
	const most = 20
	k := newKeys(most, newBucket)
	buckets := map[string]*bucket{}
	var last []string // distinct keys, the latest last
	for range 20_000 {
		key := fmt.Sprint(int(rand.ExpFloat64() * 15))
		remembered := false
		for i, other := range last {
			if other == key {
				remembered = len(last)-i <= most/2
				last = append(last[:i], last[i+1:]...)
				break
			}
		}
		b := k.of(key)
		if remembered && b != buckets[key] {
			t.Fatalf("%q was among the %d latest, and has been forgotten", key, most/2)
		}
		buckets[key] = b
		last = append(last, key)
		if m := k.maps.Load(); size(m.young) > most/2 || size(m.old) > most/2 {
			t.Fatalf("%d and %d keys, want at most %d each", size(m.young), size(m.old), most/2)
		}
	}
}

func TestLongKeysAreNotKept(t *testing.T) {
	k := newKeys(10, newBucket)
	long := strings.Repeat("x", 1<<20)
	a, b := k.of(long+"a"), k.of(long+"b")
	if a == b || a != k.of(long+"a") {
		t.Error("long keys are mistaken for one another")
	}
	k.maps.Load().young.Range(func(key, _ any) bool {
		if n := len(key.(string)); n > longest {
			t.Errorf("a key of %d bytes is kept", n)
		}
		return true
	})
}

func TestOneBucketPerKey(t *testing.T) { // also for the race detector
	k := newKeys(1000, newBucket)
	var seen sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 2000 {
				key := fmt.Sprint(i % 400)
				b := k.of(key)
				if first, _ := seen.LoadOrStore(key, b); first != b {
					t.Errorf("two buckets for %s", key)
				}
			}
		})
	}
	wg.Wait()
}

func TestManyKeysInParallel(t *testing.T) { // for the race detector, with keys coming and going
	call := New(Config{Rate: 100, Key: caller, MaxKeys: 10})(endpoint.Nop)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				through(t, call, 1, fmt.Sprint(rand.IntN(50)))
			}
		})
	}
	wg.Wait()
}
