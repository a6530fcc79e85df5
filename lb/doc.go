// Package lb decides which instance a call goes to.
//
// A Pool turns a go-kit Instancer and a Factory into nodes, one per instance:
// its connection, calls in flight, latency, success rate and guard (a breaker,
// usually), shared by every method of the service and kept for as long as the
// instance is there. Balancers pick from it without locks or allocations:
//
//	                        ┌ RoundRobin ┐
//	sd.Instancer ──▶ Pool ──┼ Random     ┼──▶ Endpoint ──▶ endpoint.Endpoint
//	  kitsd.Factory ──▶     └ Adaptive   ┘
//	                     per node: count in flight → guard → observe → transport
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
