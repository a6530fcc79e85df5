package shed_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/shed"
)

// patience is how long a caller waits; what comes later is of no use to it.
const patience = time.Second

// process has cores, a queue without bound in front of them, and no interest in
// who still waits for the answer. It runs in a synctest bubble.
type process struct {
	cores chan struct{}
	work  time.Duration

	mu    sync.Mutex // guards the fields below
	busy  int        // cores at work
	since time.Time  // when busy last changed
	used  time.Duration
	asked time.Time     // when cpu was called last
	waits time.Duration // the sum of the waits since wait was called last
	n     int           // how many
}

func newProcess(cores int, work time.Duration) *process {
	p := &process{cores: make(chan struct{}, cores), work: work, since: time.Now(), asked: time.Now()}
	return p
}

func (p *process) serve(ctx context.Context, _ any) (any, error) {
	came := time.Now()
	p.cores <- struct{}{}
	p.change(1, time.Since(came))
	time.Sleep(p.work)
	p.change(-1, -1)
	<-p.cores
	return nil, nil
}

func (p *process) change(by int, waited time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used += time.Duration(p.busy) * time.Since(p.since)
	p.busy, p.since = p.busy+by, time.Now()
	if waited >= 0 {
		p.waits += waited
		p.n++
	}
}

// cpu is a Config.CPU.
func (p *process) cpu() (float64, bool) {
	p.change(0, -1)
	p.mu.Lock()
	defer p.mu.Unlock()
	share := float64(p.used) / float64(time.Since(p.asked)) / float64(cap(p.cores))
	p.used, p.asked = 0, time.Now()
	return share, true
}

// wait is a Config.Wait; the mean will do.
func (p *process) wait() (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait, n := p.waits/time.Duration(max(p.n, 1)), p.n
	p.waits, p.n = 0, 0
	return wait, n > 0
}

func unknownCPU() (float64, bool)        { return 0, false }
func unknownWait() (time.Duration, bool) { return 0, false }

// seen is what callers of one priority saw of a time.
type seen struct {
	good, late, shed int
	latency          time.Duration // of the good, in the mean
}

// lost returns the share of calls that were turned away or came late.
func (s seen) lost() float64 { return float64(s.late+s.shed) / float64(max(s.good+s.late+s.shed, 1)) }

// callers call as nothing holds them back: they come at random.
type callers struct {
	call endpoint.Endpoint

	mu   sync.Mutex // guards seen
	seen map[shed.Priority]seen
}

// mix is what callers are like: one in ten critical, three that can be shed.
func mix() shed.Priority {
	switch n := rand.IntN(10); {
	case n == 0:
		return shed.Critical
	case n < 7:
		return shed.Normal
	default:
		return shed.Sheddable
	}
}

// offer has rate callers per second come, for so long, and returns how the calls
// ended that ended in that time, and the rate of good ones.
func (c *callers) offer(t *testing.T, rate float64, d time.Duration) (by map[shed.Priority]seen, goodput float64) {
	t.Helper()
	stop := time.Now().Add(d)
	c.take()
	for at := time.Now(); ; {
		at = at.Add(time.Duration(rand.ExpFloat64() / rate * float64(time.Second)))
		if at.After(stop) {
			break
		}
		time.Sleep(time.Until(at))
		go c.one(t, mix())
	}
	time.Sleep(time.Until(stop))
	by = c.take()
	for _, s := range by {
		goodput += float64(s.good) / d.Seconds()
	}
	return by, goodput
}

func (c *callers) one(t *testing.T, p shed.Priority) {
	t.Helper()
	ctx := t.Context()
	if p != shed.Normal {
		ctx = shed.WithPriority(ctx, p)
	}
	began := time.Now()
	_, err := c.call(ctx, nil)
	took := time.Since(began)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.seen[p]
	switch {
	case errors.Is(err, shed.ErrOverloaded):
		s.shed++
	case err != nil:
		t.Error(err)
	case took > patience:
		s.late++
	default:
		s.latency += (took - s.latency) / time.Duration(s.good+1)
		s.good++
	}
	c.seen[p] = s
}

func (c *callers) take() map[shed.Priority]seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.seen
	c.seen = map[shed.Priority]seen{}
	return s
}
