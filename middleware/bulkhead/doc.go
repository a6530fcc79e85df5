// Package bulkhead bounds how many calls of one kind are under way at a time, so
// that a service which has become slow holds a part of its caller's goroutines,
// memory and connections, and not all of them.
//
//	call := bulkhead.New(bulkhead.Config{MaxInFlight: 50})(next)
//
//	                 ┌───────────────────────── MaxInFlight ──┐
//	calls ──▶ queue ─┼─▶ under way ─▶ ended, or stream ended  │
//	           │     └────────────────────────────────────────┘
//	           └─▶ rejected: queue full, MaxWait over, caller gone
//
// The queue takes the edge off a burst. It is first come, first served: nobody
// is let in while somebody waits. As long as the calls take their usual time, a
// call at the end of a queue as long as MaxInFlight waits about as long as a
// call takes; when they hang, MaxWait ends the waiting.
//
// A bulkhead stands around a whole service, outside the retry, so that a call is
// counted once however many attempts it makes. All the endpoints that one value
// wraps share its bound. A response that outlives its call, because it has a
// method OnEnd(func(error)) as lb.Stream describes, is under way until it ends.
//
// A call that finds room costs a few atomic operations and takes no lock. There
// is one, for the queue: it is taken by a call that begins or stops waiting, and
// by one that ends while others wait. A rejection for a full queue takes none.
//
// It has no timer of its own and starts no goroutine. It deliberately does not
// adapt: a bound that follows the latency is another policy, and so is a bound
// per instance.
package bulkhead
