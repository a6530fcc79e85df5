// Package transport owns the order in which a process starts serving and
// stops: nobody is sent to it before it answers, and nobody loses a call when
// it leaves.
//
//	bound listeners → serve → self-probe → ready → register → "serving"
//	ctx ends → unready → deregister → propagation wait, still accepting
//	         → stop accepting → drain → force what is left → return
//
// The propagation wait is over as soon as a watch like the callers' own has seen
// the removal and no new call has begun for a second, where the registrar and
// all servers can tell; sd.Registrar with a Watcher, and our servers, can. A
// Timeline has every step, and docs/lifecycle.svg is drawn from one.
//
// Serve runs any number of servers in that order. A server is anything that
// fills in a Server struct: kithttp.Server and kitgrpc.Server.On do so for
// net/http and gRPC, and a third party does it without importing either.
// A registry is anything that is a go-kit sd.Registrar.
//
// Error is the failure that both wires carry whole: a status, a code that
// programs compare, and a message for people.
//
// The package deliberately parses no flags, reads no environment, handles only
// the second signal (the first is the caller's, by way of ctx), and knows
// neither HTTP routes nor gRPC methods.
package transport
