package stub

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/sd"
)

// reporting says how instances are weighed by what they report.
type reporting struct {
	penalty    float64       // of errors, against use
	blackout   time.Duration // for which an instance must have reported
	expiration time.Duration // after which a report is no more
	period     time.Duration // from one weighing to the next
}

// loadReport is the latest that an instance has said. The zero value is that it
// has said nothing.
type loadReport struct {
	weight atomic.Uint64 // a float64
	at     atomic.Int64  // when it came, in Unix nanoseconds
	since  atomic.Int64  // of the first that was followed by others until now; 0 if there is none
}

// take takes in what comes with an answer.
func (l *loadReport) take(trailer metadata.MD, by *reporting) {
	text := trailer[orcaTrailer]
	if len(text) != 1 {
		return
	}
	r, ok := parseOrca([]byte(text[0]))
	w := r.weight(by.penalty)
	if !ok || w <= 0 {
		return
	}
	now := time.Now().UnixNano()
	l.weight.Store(math.Float64bits(w))
	l.at.Store(now)
	l.since.CompareAndSwap(0, now)
}

// now returns the weight as it counts now; 0 if none does.
func (l *loadReport) now(now time.Time, by *reporting) float64 {
	since := l.since.Load()
	if since == 0 {
		return 0
	}
	if now.UnixNano()-l.at.Load() > int64(by.expiration) {
		l.since.Store(0) // it has to earn it again
		return 0
	}
	if now.UnixNano()-since < int64(by.blackout) {
		return 0
	}
	return math.Float64frombits(l.weight.Load())
}

// weigher gives the instances of a feed weights by their reports, until it is closed.
type weigher struct {
	stop context.CancelFunc
	loop sync.WaitGroup
}

func newWeigher(conns *subconns, f *feed, by *reporting) *weigher {
	ctx, stop := context.WithCancel(context.Background())
	w := &weigher{stop: stop}
	w.loop.Go(func() {
		ticker := time.NewTicker(by.period)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				f.weigh(conns.reported(time.Now(), by))
			case <-ctx.Done():
				return
			}
		}
	})
	return w
}

func (w *weigher) close() {
	w.stop()
	w.loop.Wait()
}

// reported returns the weights that count now, by instance.
func (s *subconns) reported(now time.Time, by *reporting) map[string]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]float64, len(s.byID))
	for id, c := range s.byID {
		if w := c.load.now(now, by); w > 0 {
			all[id] = w
		}
	}
	return all
}

// scale is the weight of an average instance, so that whole numbers are exact
// enough.
const scale = 100

// weighed returns the set with the registry's weights multiplied by those reported,
// relative to their mean. Less than two say nothing.
func weighed(set []sd.Instance, reported map[string]float64) []sd.Instance {
	mean := 0.0
	for _, w := range reported {
		mean += w / float64(len(reported))
	}
	if len(reported) < 2 {
		return set
	}
	out := make([]sd.Instance, len(set))
	for i, in := range set {
		share := 1.0
		if w, ok := reported[in.ID]; ok {
			share = w / mean
		}
		in.Weight = int(min(max(math.Round(share*scale*float64(max(in.Weight, 1))), 1), sd.MaxWeight))
		out[i] = in
	}
	return out
}
