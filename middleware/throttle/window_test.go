package throttle

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestWindow compares with a list of all that was counted.
func TestWindow(t *testing.T) {
	const width = time.Second
	for range 50 {
		var w window
		w.start(slots * width)
		var now time.Duration
		counted := map[int64]int64{} // by number of the slot
		for range 500 {
			switch rand.IntN(10) {
			case 0:
				now += time.Duration(rand.Int64N(int64(3 * slots * width)))
			case 1, 2:
				now += time.Duration(rand.Int64N(int64(3 * width)))
			}
			s := w.at(now)
			n := rand.Int64N(5)
			s.requests.Add(n)
			number := int64(now / width)
			counted[number] += n
			var all, recent int64
			for past := number - slots + 1; past <= number; past++ {
				all += counted[past]
				if past >= number-1 {
					recent += counted[past]
				}
			}
			if got := s.sums().requests; got != all || s.number != number {
				t.Fatalf("at %v: %d in the window of slot %d, want %d, %d", now, got, s.number, all, number)
			}
			if got := s.recent().requests; got != recent {
				t.Fatalf("at %v: %d recent, want %d", now, got, recent)
			}
		}
	}
}

// TestLateComers: one who read the clock long ago counts in the present.
func TestLateComers(t *testing.T) {
	var w window
	w.start(slots * time.Second)
	w.at(time.Hour).requests.Add(1)
	w.at(0).requests.Add(1)
	if got := w.at(time.Hour).sums().requests; got != 2 {
		t.Errorf("%d requests, want 2", got)
	}
}

// TestCountsInParallel: turning the slots loses nothing that is in the window.
func TestCountsInParallel(t *testing.T) {
	var w window
	w.start(1000 * slots)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 2000 {
				w.at(time.Duration(10 * i)).requests.Add(1) // 20 slots of 1 µs
			}
		})
	}
	wg.Wait()
	// What was added to a slot after it ended is in the sum from the next turn on.
	if got := w.at(22 * 1000).sums().requests; got != 16000 {
		t.Errorf("%d requests, want 16000", got)
	}
}

// TestMemory: the slots that are over are not kept by those that follow.
func TestMemory(t *testing.T) {
	var w window
	w.start(slots)
	for i := range time.Duration(1000) {
		w.at(i).accepts.Add(1)
	}
	s := w.now.Load()
	kept := 0
	for _, past := range s.past {
		if past != nil {
			kept++
		}
	}
	if kept != slots-1 || s.older.accepts != slots-1 {
		t.Errorf("%d slots kept with %d calls, want %d", kept, s.older.accepts, slots-1)
	}
}
