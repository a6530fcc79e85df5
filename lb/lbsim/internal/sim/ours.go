package sim

import (
	"context"
	"slices"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
)

// Ours are the balancers of package lb, by the names that lb.ParsePolicy knows,
// and probing. Each client has a pool of its own. Those that hash are Sticky.
func Ours() []Policy {
	return []Policy{
		Shipped("adaptive", func(s lb.Set) kitlb.Balancer { return lb.NewAdaptive(s, lb.AdaptiveConfig{}) }),
		Shipped("least_request", func(s lb.Set) kitlb.Balancer { return lb.NewLeastRequest(s, lb.LeastRequestConfig{}) }),
		Shipped("least_request_2", func(s lb.Set) kitlb.Balancer { return lb.NewLeastRequest(s, lb.LeastRequestConfig{Choices: 2}) }),
		Shipped("peak_ewma", func(s lb.Set) kitlb.Balancer { return lb.NewPeakEWMA(s, lb.PeakEWMAConfig{}) }),
		probing("probing"),
		Shipped("round_robin", func(s lb.Set) kitlb.Balancer { return lb.NewRoundRobin(s) }),
		Shipped("weighted_round_robin", func(s lb.Set) kitlb.Balancer { return lb.NewWeightedRoundRobin(s) }),
		Shipped("random", func(s lb.Set) kitlb.Balancer { return lb.NewRandom(s) }),
		Shipped("weighted_random", func(s lb.Set) kitlb.Balancer { return lb.NewWeightedRandom(s) }),
	}
}

// Shipped is a Policy by a balancer of package lb, or any other over its pool.
func Shipped(name string, by lb.Policy) Policy {
	return Policy{Name: name, follows: true, New: func(e Env) Caller {
		return newShipped(e, by, e.world.registry().connect)
	}}
}

func newShipped(e Env, by lb.Policy, connect kitsd.Factory) *shipped {
	r := e.world.registry()
	p := lb.NewPool(r, connect, lb.PoolConfig{
		Virtual: &lb.Virtual{Now: e.Now, Rand: e.Rand.Uint64},
	})
	waitFor(p, r.known.Instances)
	return &shipped{e.world, p, lb.Endpoint(by(p))}
}

// waitFor waits, in real time, until a pool has heard of all that is known, and
// is connected to it, which its goroutines do: the only ones that it has here.
// The factory takes no time and never fails.
func waitFor(p *lb.Pool, known []sd.Instance) {
	for !slices.EqualFunc(p.Nodes(), known, func(n lb.NodeStats, in sd.Instance) bool {
		return n.Connected && n.ID == in.ID && n.Addr == in.Addr && n.State == in.State
	}) {
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

// follow waits until the pool has heard of what the registry knows.
func (s *shipped) follow(known []sd.Instance) { waitFor(s.pool, known) }

// Close implements Caller.
func (s *shipped) Close() { _ = s.pool.Close() } // closes no connection that could fail

func (w *world) registry() *roster {
	if w.roster == nil {
		w.roster = newRoster(w.Servers)
	}
	return w.roster
}
