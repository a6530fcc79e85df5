// Package breaker keeps calls away from an instance that fails, and lets one
// call at a time find out whether it is back.
//
//	circuits := breaker.NewGroup(breaker.Config{})
//	pool := lb.NewPool(instances, factory, lb.PoolConfig{Guard: circuits.Each})
//
//	              failures in a row, too many of the calls
//	              failed, or too many were slow
//	       Closed ────────────────────────────────────────► Open ◄─┐
//	          ▲                                              │     │ failed, was slow,
//	          │                       after its open time    │     │ or took too long:
//	          │                       the next call probes   ▼     │ open twice as long
//	          └────────────────────────────────────────── HalfOpen ┘
//	                     the probe succeeded
//
// While Open, and while HalfOpen with a probe under way, calls are rejected with
// an *OpenError, which matches ErrOpen. Open times vary by a fifth, so that a
// fleet does not return together.
//
// # What counts
//
// A classify.Func decides what a call's end means; write one to extend it.
// NotSent, Failure and Fault are failures, a panic and runtime.Goexit too.
// Excluded and Throttled count for nothing, and so does a call that another
// policy of this process turned down further in (classify.Rejected): neither
// says whether the instance works. As the end of a probe they leave the circuit
// HalfOpen, and the next call is a probe. For Throttled, too: an instance that
// answers "too many" lives, but what answers may be a limiter at its door, and
// what broke is behind it. One call at a time is what a busy instance can bear.
//
// Calls that succeed but take longer than Config.SlowCall can open the circuit
// by a ratio of their own, as in resilience4j. A call counts once, as a failure
// or as a success, and of the successes some are slow.
//
// A call whose response outlives it, since it has a method OnEnd(func(error)) as
// lb.Stream describes, counts when that has ended, by how it did, and for SlowCall by
// how long it took to open. A probe has succeeded once it is open.
//
// # Around a whole service
//
// New makes one circuit for all that it wraps. Around retry and the balancer it
// answers for a whole service at once when that is down, which spares callers
// the attempts. It is opt-in, since one bad instance or one bad method is no
// reason to stop all, and the circuits of the instances already leave out what
// is broken. It belongs outside retry: inside, a call would be judged before it
// got its second chance. A server whose call was rejected can pass OpenError on
// to its own caller, with its StatusCode 503 and RetryAfter, when the next probe
// is due.
//
// # How it is made
//
// Counting failures and the decision to open after one are sony/gobreaker's.
// Successes are counted beside it without a lock, and it is told of those that
// end a row of failures. The open time and the probe are not gobreaker's either:
// there, a probe that hangs is waited for for ever, a call that outlives the
// window is never counted, calls in flight hide failures, and the open time is
// fixed. So a gobreaker lives as long as the circuit is closed, and is told of a
// call when it has ended.
//
// No timer is used: time passes when somebody calls. The only goroutine is the
// one that calls Config.OnStateChange, while there is a change to tell; whoever
// has to know that it has ended uses a Group, and closes it. To look on without
// it, ask Group.Circuits.
//
// It deliberately has no state shared between processes: gobreaker's distributed
// circuit holds a lock of its store while a call runs, and fails calls when the
// store does. It does not choose which call probes, and it does not limit how
// many circuits are open: which instances are left is the balancer's business.
package breaker
