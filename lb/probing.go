package lb

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"
)

// ProbingConfig configures a Probing. The zero value is good for pools whose
// factory is kithttp.Factory or kitgrpc.Factory, and servers with
// kithttp.Load or kitgrpc.Config.Load.
type ProbingConfig struct {
	// Probe asks the server at addr (the address that the factory was given) how
	// many requests it has in flight, and the median latency of recent ones, 0 if
	// it does not know. It is called on goroutines of the balancer's own, and must
	// return when ctx ends. If nil, the closer that the factory returned is asked,
	// which must then have the method
	//
	//	Probe(ctx context.Context) (inFlight int, latency time.Duration, err error)
	Probe func(ctx context.Context, addr string) (inFlight int, latency time.Duration, err error)

	// Send, if not nil, is called instead of Probe, by picks, and calls answer
	// when it has one, from anywhere. It must not block. It is for simulations,
	// where nothing may wait.
	Send func(addr string, answer func(inFlight int, latency time.Duration, err error))

	// Hot is the quantile of the load reported above which a server is hot, and
	// picked only if all are; of others, the one with the least latency, as it says
	// itself, is picked. The paper recommends 0.84 (2^-¼). All are hot if zero: the
	// least loaded is picked. With hot and cold, servers that are always of
	// different speeds are used better, in the simulator by a seventh of the p99,
	// and equals a little worse, by a twentieth to a tenth.
	Hot float64

	Timeout time.Duration // of a probe; 100 ms if zero
	MaxAge  time.Duration // of an answer that is used; 1 s if zero
}

func (c ProbingConfig) withDefaults() ProbingConfig {
	if c.Timeout <= 0 {
		c.Timeout = 100 * time.Millisecond
	}
	if c.MaxAge <= 0 {
		c.MaxAge = time.Second
	}
	if !(c.Hot > 0) { // or not a number
		c.Hot = 0
	}
	c.Hot = min(c.Hot, 1)
	return c
}

// Probing picks by what servers say of themselves: Prequal (Wydrowski, Kleinberg,
// Rumble and Archer, "Load is not what you should balance", NSDI 2024). It is for
// clients that are many and call rarely, so that what each has in flight itself
// tells it nothing. Every pick has three servers that chance draws asked for their
// load; nobody waits for their answers, which are kept for later picks: of at most
// 16 servers, for at most a second, and each for a few picks only. A pick takes,
// of the answers there are, the one with the least
//
//	(requests in flight + own calls since + 1) / weight / success²
//
// times the latency of this client's calls, as a multiple of the average, where
// that is more than 1.5. The paper has neither latency nor success, which are as
// for Adaptive: a server that fails at once has nothing in flight, and would draw
// all calls; if it fails a fifth, it also counts as no less loaded than the
// average. Ties are broken by chance. See ProbingConfig.Hot for the paper's own
// way to choose.
//
// Every pick also removes an answer, in turns the oldest and the worst, so that
// the kept do not become those that nobody wants; only the last four stay. Of n
// servers, an answer serves for
//
//	max(1, 2 / ((1 - 16/n) · 3 - 1))
//
// picks on average, but for no more than four, and for one if n is below 25, where
// the formula says nothing. What a server says in the response to a call replaces
// its answer if it has one; it does not add one, or the servers called most would
// be known best, and be called more.
//
// A server that has not answered is not picked by this rule, however idle. With
// fewer than two answers, because calls are further apart than a second, the pick
// is that of an Adaptive. So is the share of the picks that is the share of the
// servers that cannot be asked, or those that are too old to answer would get no
// calls. The pool's logger is told of them.
//
// It is safe for concurrent use. Its goroutines, 16 of them, end with the pool,
// or with Close.
type Probing struct {
	balancer
	cfg      ProbingConfig
	fallback *Adaptive
	answers  answers
	asked    chan question
	stop     context.CancelFunc
	workers  sync.WaitGroup
	subjects atomic.Pointer[[]*subject] // of the nodes that can be picked
	mute     atomic.Int32               // how many of them cannot be asked
	picks    atomic.Uint64
}

var _ kitlb.Balancer = (*Probing)(nil)

// NewProbing returns a probing balancer over set.
func NewProbing(set Set, cfg ProbingConfig) *Probing {
	set = orNobody(set)
	b := &Probing{
		cfg:      cfg.withDefaults(),
		fallback: NewAdaptive(set, AdaptiveConfig{}),
		asked:    make(chan question, workers),
	}
	b.set, b.name = set, "probing"
	nodes := map[*node]*subject{}
	set.follow(func(s *snapshot) { nodes = b.update(s, nodes) })
	b.start()
	return b
}

// Close ends the probes under way, and waits until they have. Picks go on, as
// those of an Adaptive. It returns nil. A pool's Close does the same.
func (b *Probing) Close() error {
	b.stop()
	b.workers.Wait()
	return nil
}

// Endpoint implements go-kit's Balancer. The endpoint goes to one instance. It
// is to be called once, soon.
func (b *Probing) Endpoint() (endpoint.Endpoint, error) {
	e, err := b.balancer.Endpoint()
	b.ask()
	return e, err
}

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others.
func (b *Probing) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	e, err := b.balancer.Pick(ctx)
	b.ask()
	return e, err
}

// try asks as Pick does: see part.
func (b *Probing) try(w want) *slot {
	sl := b.balancer.try(w)
	b.ask()
	return sl
}

// subject is a node that is asked.
type subject struct {
	b    *Probing
	node *node
	call endpoint.Endpoint // the node's, listening to what the server says by the way
	busy atomic.Bool       // with being asked: one that hangs must not use up all workers
	mute atomic.Bool       // it could not be asked the last time
}

// update makes s the plan, with endpoints that listen. It takes and returns the
// subjects.
func (b *Probing) update(s *snapshot, old map[*node]*subject) map[*node]*subject {
	listening, subjects := *s, make([]*subject, len(s.pickable))
	listening.pickable = make([]slot, len(s.pickable))
	all := make(map[*node]*subject, len(s.pickable))
	for i, sl := range s.pickable {
		to := old[sl.node]
		if to == nil {
			to = b.subject(&sl)
		}
		all[sl.node], subjects[i] = to, to
		sl.call = to.call
		listening.pickable[i] = sl
	}
	b.subjects.Store(&subjects)
	b.plan.Store(&plan{snapshot: &listening, by: b})
	b.recount()
	return all
}
