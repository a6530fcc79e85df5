package sim

import (
	"context"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
)

// Ours are the balancers of package lb, each client with a pool of its own.
// Those that hash are Sticky.
func Ours() []Policy {
	return []Policy{
		Shipped("adaptive", func(s lb.Set) kitlb.Balancer { return lb.NewAdaptive(s, lb.AdaptiveConfig{}) }),
		Shipped("leastrequest", func(s lb.Set) kitlb.Balancer { return lb.NewLeastRequest(s, lb.LeastRequestConfig{}) }),
		Shipped("leastrequest2", func(s lb.Set) kitlb.Balancer { return lb.NewLeastRequest(s, lb.LeastRequestConfig{Choices: 2}) }),
		Shipped("peakewma", func(s lb.Set) kitlb.Balancer { return lb.NewPeakEWMA(s, lb.PeakEWMAConfig{}) }),
		Shipped("roundrobin", func(s lb.Set) kitlb.Balancer { return lb.NewRoundRobin(s) }),
		Shipped("weightedroundrobin", func(s lb.Set) kitlb.Balancer { return lb.NewWeightedRoundRobin(s) }),
		Shipped("random", func(s lb.Set) kitlb.Balancer { return lb.NewRandom(s) }),
		Shipped("weightedrandom", func(s lb.Set) kitlb.Balancer { return lb.NewWeightedRandom(s) }),
	}
}

// Shipped is a Policy by a balancer of package lb, or any other over its pool.
func Shipped(name string, by lb.Policy) Policy {
	return Policy{Name: name, New: func(e Env) Caller { return newShipped(e, by) }}
}

func newShipped(e Env, by lb.Policy) *shipped {
	r := e.world.registry()
	p := lb.NewPool(r, r.connect, lb.PoolConfig{
		Virtual: &lb.Virtual{Now: e.Now, Rand: e.Rand.Uint64},
	})
	waitConnected(p, e.Servers)
	return &shipped{e.world, p, lb.Endpoint(by(p))}
}

// waitConnected waits, in real time, while the pool's goroutines connect: the
// only ones that it has here. The factory takes no time and never fails.
func waitConnected(p *lb.Pool, servers int) {
	for {
		if all, _ := p.Endpoints(); len(all) == servers {
			return
		}
		time.Sleep(20 * time.Microsecond)
	}
}

// shipped is a client with a balancer of package lb.
type shipped struct {
	w    *world
	pool *lb.Pool
	call endpoint.Endpoint
}

// Start implements Caller.
func (s *shipped) Start() (server int, done func(failed bool)) {
	return s.w.start(context.Background(), s.call)
}

// Close implements Caller.
func (s *shipped) Close() { _ = s.pool.Close() } // closes no connection that could fail

func (w *world) registry() *roster {
	if w.roster == nil {
		w.roster = newRoster(w.Servers)
	}
	return w.roster
}
