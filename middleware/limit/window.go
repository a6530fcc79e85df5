package limit

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// spread is how many different times rejections give in one window.
const spread = 8

// window is a time in which the limit stands. But for the calls it counts, it
// is immutable, and replaced as a whole.
//
// Calls that began under another limit waited in another queue. So a window
// first lets a round pass: as many calls as were in flight at most must begin and
// end in it. From then on it counts all that end, whenever they began: only
// those that both began and ended in it would be the quick ones.
type window struct {
	plan
	limit int // plan.limit, in whole calls
	began time.Duration
	round int64 // how many calls make the round

	full  atomic.Bool  // a call found no room, or took the last
	own   atomic.Int64 // how many calls of the round have ended
	from  atomic.Int64 // when the round was over, in nanoseconds; 0: not yet
	calls atomic.Int64 // how many ended after that
	total atomic.Int64 // how long they took together, in nanoseconds

	rejects [spread]ExceededError
}

// opening returns the window of a plan, after one in which calls took latency.
func (s *server) opening(p plan, now, latency time.Duration) *window {
	w := &window{plan: p, limit: int(p.limit), began: now}
	w.round = int64(min(w.limit, s.slots.inflight()))
	// Those who are turned down should come when the calls in flight have ended
	// and the limit has been thought over, and not all at once.
	wait := max(latency, s.Window)
	for i := range w.rejects {
		after := time.Duration((0.5 + rand.Float64()) * float64(wait))
		w.rejects[i] = ExceededError{Instance: s.Name, Limit: w.limit, after: after}
	}
	return w
}

func (w *window) reject() error { return &w.rejects[rand.Uint32()%spread] }

// settled reports whether a call that ends now, and began then, meets a window
// that has let its round pass.
func (w *window) settled(began, now time.Duration) bool {
	if w.from.Load() != 0 {
		return true
	}
	if began >= w.began && w.own.Add(1) >= w.round {
		w.from.CompareAndSwap(0, int64(now))
	}
	return false
}

// count counts a call that took so long, and returns how many there are; 0 if
// this one does not count. One that failed says how long the service takes only
// if it took longer than usual: failing at once is no proof of speed, but a
// timeout is one of slowness.
func (w *window) count(took time.Duration, outcome classify.Outcome) int64 {
	switch {
	case outcome == classify.Excluded:
		return 0
	case outcome != classify.Success && (w.base == 0 || took < w.base):
		return 0
	}
	w.total.Add(int64(took))
	return w.calls.Add(1)
}
