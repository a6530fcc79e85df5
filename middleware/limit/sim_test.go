package limit_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// patience is how long a caller waits; what comes later is of no use to it.
const patience = time.Second

// service has workers, a queue without bound in front of them, and no interest
// in who still waits for the answer. It runs in a synctest bubble.
type service struct {
	workers chan struct{}
	work    atomic.Int64 // nanoseconds per call, in the mean
	random  bool         // whether calls differ: exponentially distributed
}

func newService(workers int, work time.Duration) *service {
	s := &service{workers: make(chan struct{}, workers)}
	s.work.Store(int64(work))
	for range workers {
		s.workers <- struct{}{}
	}
	return s
}

func (s *service) serve(context.Context, any) (any, error) {
	<-s.workers
	work := float64(s.work.Load())
	if s.random {
		work *= rand.ExpFloat64()
	}
	time.Sleep(time.Duration(work))
	s.workers <- struct{}{}
	return nil, nil
}

// lose takes n workers away as they become free.
func (s *service) lose(n int) {
	for range n {
		<-s.workers
	}
}

// gain gives n workers back.
func (s *service) gain(n int) {
	for range n {
		s.workers <- struct{}{}
	}
}

// seen is what callers saw of a time.
type seen struct {
	good     int           // calls that were answered while somebody waited
	late     int           // calls that were answered to nobody
	rejected int           // calls that were turned down
	latency  time.Duration // of those that were answered, in the mean
	rate     float64       // good calls per second
}

// callers call as no limit holds them back: they come at random.
type callers struct {
	call endpoint.Endpoint

	mu    sync.Mutex // guards the fields below
	seen  seen
	total time.Duration
}

// offer has rate callers per second come, for so long, and returns how the calls
// ended that ended in that time.
func (c *callers) offer(t *testing.T, rate float64, d time.Duration) seen {
	t.Helper()
	start := time.Now()
	stop := start.Add(d)
	c.take()
	for at := start; ; {
		at = at.Add(time.Duration(rand.ExpFloat64() / rate * float64(time.Second)))
		if at.After(stop) {
			break
		}
		time.Sleep(time.Until(at))
		go c.one(t.Context())
	}
	time.Sleep(time.Until(stop))
	s := c.take()
	s.rate = float64(s.good) / d.Seconds()
	return s
}

func (c *callers) one(ctx context.Context) {
	began := time.Now()
	_, err := c.call(ctx, nil)
	took := time.Since(began)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.seen.rejected++
	case took > patience:
		c.seen.late++
	default:
		c.seen.good++
		c.total += took
	}
}

// take returns what was seen since it was called last.
func (c *callers) take() seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.seen
	s.latency = c.total / time.Duration(max(s.good, 1))
	c.seen, c.total = seen{}, 0
	return s
}
