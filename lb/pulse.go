package lb

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/classify"
)

const (
	pulseTau  = 2 * time.Second  // how fast outcomes replace the averages
	forgetTau = 10 * time.Second // how fast they are forgotten when there are none
)

// pulse is how the calls to several instances fare together. Each of them may
// have few, and its own averages then tell of long ago.
type pulse struct {
	pool    *Pool
	latency atomicFloat  // of successes, in nanoseconds; 0 if unknown
	failing atomicFloat  // share of failures
	at      atomic.Int64 // of the last outcome, as Pool.now; 0 if there was none
	calling atomic.Int64 // calls in flight, but for untimed ones
	quiet   atomic.Int64 // when the first of them began
}

// felt returns what makes a snapshot one whose calls are felt.
func (p *pulse) felt() func(*snapshot) *snapshot {
	calls := map[*node]endpoint.Endpoint{}
	return func(s *snapshot) *snapshot {
		feeling, old := *s, calls
		feeling.pickable, calls = make([]slot, len(s.pickable)), make(map[*node]endpoint.Endpoint, len(s.pickable))
		for i, sl := range s.pickable {
			call := old[sl.node]
			if call == nil {
				call = p.feel(sl.call)
			}
			calls[sl.node], sl.call = call, call
			feeling.pickable[i] = sl
		}
		return &feeling
	}
}

func (p *pulse) feel(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (any, error) {
		start, timed := p.pool.now(), !untimed(ctx)
		if timed {
			if p.calling.Load() == 0 { // before it is not 0, or an idle hour would be silence
				p.quiet.Store(start)
			}
			p.calling.Add(1)
			defer p.calling.Add(-1)
		}
		response, err := next(ctx, request)
		switch outcome := p.pool.cfg.Classify(ctx, response, err); {
		case outcome == classify.Success:
			p.took(start, p.pool.now(), timed)
		case outcome.Failed():
			p.failed(p.pool.now())
		}
		return response, err
	}
}

// since returns what an outcome now weighs. It counts by the time since the one
// before, so that a burst weighs no more than a single call.
func (p *pulse) since(now int64) float64 {
	was := p.at.Swap(now)
	if was == 0 {
		return 1
	}
	return shareOf(now-was, pulseTau)
}

func (p *pulse) took(start, now int64, timed bool) {
	share := p.since(now)
	if old := p.failing.load(); old > 0 {
		p.failing.replace(old, old-share*old)
	}
	if !timed {
		return
	}
	x := math.Max(float64(now-start), 1) // 0 means unknown
	old := p.latency.load()
	if old == 0 {
		p.latency.replace(old, x)
		return
	}
	p.latency.replace(old, old+share*(x-old))
}

func (p *pulse) failed(now int64) {
	share, old := p.since(now), p.failing.load()
	p.failing.replace(old, old+share*(1-old))
}

// beat is a pulse as it is at one moment.
type beat struct {
	cost  float64 // what a call is expected to take, in nanoseconds; 0 if unknown
	fresh float64 // how much of that still counts
}

// beat returns the pulse at now. While calls are in flight and nothing is
// answered, it grows; while there are none, it is forgotten.
func (p *pulse) beat(now int64) beat {
	b, last := beat{cost: p.latency.load(), fresh: 1}, p.at.Load()
	if p.calling.Load() > 0 {
		b.cost = max(b.cost, float64(now-max(last, p.quiet.Load())))
	} else {
		b.fresh -= shareOf(now-last, forgetTau)
	}
	ok := max(1-p.failing.load(), minSuccess)
	b.cost /= ok * ok
	return b
}

// to returns the cost by that of other: 1 if one is unknown, or both are long
// ago.
func (b beat) to(other beat) float64 {
	if b.cost == 0 || other.cost == 0 {
		return 1
	}
	return math.Pow(b.cost/other.cost, min(b.fresh, other.fresh))
}
