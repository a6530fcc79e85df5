// Package lb decides which instance a call goes to.
//
// A Pool turns a go-kit Instancer and a Factory into nodes, one per instance:
// its connection, calls in flight, latency, success rate and guard (a breaker,
// usually), shared by every method of the service and kept for as long as the
// instance is there. Balancers pick from it without locks or allocations:
//
//	sd.Instancer ──▶ Pool ──▶ Set ──▶ balancer ──▶ Endpoint ──▶ endpoint.Endpoint
//	kitsd.Factory ──▶ │        │
//	                  │        ├ the Pool itself
//	                  │        └ a View: Where (any condition), Subset (a client's own)
//	                  └ per node: count in flight → guard → observe → transport
//
//	that look at nothing      RoundRobin, Random, WeightedRoundRobin, WeightedRandom
//	at this client's calls    Adaptive (the default), LeastRequest, PeakEWMA
//	at the call's key         Maglev, Ring (with a bound on the load), Rendezvous
//	at what servers say       Probing
//	that choose among others  ZoneAware (the nearest), Split (percentages), Sticky (sessions)
//
// Those of the last line make the balancers that they choose among by a Policy,
// over a part of their Set. A Policy may have a name: see ParsePolicy.
//
// Whatever picks, it picks an instance that is ready and was not tried by this
// call; if there is none, one that was tried; if nobody is ready, anybody who is
// connected and does not drain. Ready is who is up, not ejected as an outlier
// (PoolConfig.Outliers), and let through by the guard; in a slow start
// (PoolConfig.SlowStart) an instance is passed over at first. Pool.Explain says
// why calls went where they went. Which balancer suits which service, with
// figures, is in docs/balancing.md.
//
// A Pool is a go-kit Endpointer and every balancer a go-kit Balancer, so either
// side may be go-kit's own. To add a balancer, implement go-kit's Balancer; if
// it also has the method Pick(context.Context) (endpoint.Endpoint, error),
// Endpoint calls that instead.
//
// It deliberately does not retry (middleware/retry does, and the two agree on
// the instances tried), breaks no circuit (middleware/breaker, handed in as
// PoolConfig.Guard), and keeps no list of instances of its own: what the
// Instancer says is believed, and what it should believe is package sd's
// business.
package lb
