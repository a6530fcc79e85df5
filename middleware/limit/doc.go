// Package limit bounds how many calls are in flight, and finds the bound by
// itself: limit.New in a server, limit.Each in a client before each instance.
//
//	server   handler = limit.New(limit.Config{})(handler)
//	client   each := limit.Each(limit.Config{})
//	         guard := func(id string) (endpoint.Middleware, func() bool) { mw, _ := each(id); return mw, nil }
//	         lb.PoolConfig{Guard: guard}
//
// Calls beyond the limit are rejected with ErrExceeded, at once: a queue in
// front of a service that is too slow only makes every caller wait until it has
// left. By Little's law (calls in flight = throughput * latency) a service has
// just enough to do with throughput * the latency that it has without a queue.
//
// # Server
//
// New compares how long calls take (latency, the mean of a window) with how long
// they take without a queue (base), as the gradient limits of Netflix's
// concurrency-limits (2018) and of Envoy's adaptive concurrency filter do:
//
//	gradient = min(1, Tolerance * base / latency)
//	limit    = limit * gradient + √limit
//
// The root is what a queue may hold for free, so that the limit grows until
// there is one; it comes to rest where calls take a little more than Tolerance *
// base. A window begins when the calls of before have turned over once, and has
// at least 50 calls: a service of a thousand calls a second has answered a change
// in a few seconds, one of twenty in a minute. If no call ran into the limit, it
// stays as it is: that it is not used proves nothing about more.
//
// Where base comes from is what the two differ in, and where we differ from
// both. Netflix takes the mean of the last minutes, which under overload that
// lasts becomes the latency of the overload. Envoy lets in three calls at a time
// every minute. Here the limit is halved, from window to window, for as long as
// that makes calls quicker. With a queue, half the limit is half the latency;
// where it no longer helps there was no queue, so the latency there is base, and
// the limit goes to where base says that it belongs. Where base would be longer
// than it was, two halvings must have failed to help.
//
//	limit    │▔▔▔▔▔▔╲                 ╱▔▔▔▔▔▔  top * Tolerance * base / latency at the top
//	         │       ▔▔▔▔╲       ╱▔▔▔▔
//	latency  │  4      2    1   1              the last halving did not help: base = 1
//
// This is done when the limit is reached for the first time, every ProbeEvery
// while it holds calls back (as BBR's PROBE_RTT, Cardwell et al., 2016), and when
// the limit is about to fall by more than a quarter in two windows in a row. So
// a service that has less capacity is told from one that has become slower for
// good, which has a new base. Nobody is turned down for it while the service
// keeps up: a limit that is not reached is not moved.
//
// Only what the service did is measured. A call whose caller went away does not
// count; one that failed counts if it took longer than base, since a timeout is
// a long call, and a quick error is not a quick service. One New should wrap
// endpoints that take about as long as one another: to the mean, more of the
// slow ones is a slower service. And it is not for subscriptions: a response that
// outlives its call (lb.Stream) holds its slot, and once all slots are held so, no
// call ends that could move the limit. A bulkhead bounds those.
//
// # Client
//
// A client sees the queue of a server through those of others, so Each goes by
// losses, as TCP does: the limit of an instance is multiplied by Backoff when a
// call fails, times out, or is turned down for there being too many (at most
// once per round of calls), and grows by one when as many calls as the limit
// have succeeded while it was in use. What a policy further in turned down, a
// refused connection, and an answer like 500 say nothing about how much an
// instance takes.
//
// The rejection is "not sent", so that a retry takes another instance free of
// charge; lb.Endpoint even goes on by itself. Do not give a pool the ready of Each:
// when all instances have as many calls as they take, it finds none that is ready,
// and then calls one past its guard (lb.PoolConfig.PanicBelow).
//
// # What it does not do
//
// It does not queue, knows no priorities (package shed does), and has no limit
// for all instances together (package bulkhead has). What a failure is says
// Config.Classify; it is the way to extend this. There is no lock, no goroutine
// and no timer: the call that ends a window moves the limit.
package limit
