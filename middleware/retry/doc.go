// Package retry makes a call again when that is safe and of use, on another
// instance where the balancer is one of package lb.
//
//	call := retry.New(retry.Config{Idempotent: true})(lb.Endpoint(balancer))
//
// What may be retried is decided by classify.Func; write one to extend it.
// A call that was not sent may always be made again, and the first time at
// once. One that failed on the way may only if it is Idempotent, and after a
// pause: exponential backoff with full jitter. An answer is never retried, be
// it an error of the business, and comes back as it is.
//
// The attempts run one after the other on the caller's goroutine, so a panic
// arrives where the caller can recover it, and nothing is left running behind.
// Each has a context of its own, with the attempt's timeout and the instances
// that were tried (package internal/attempt).
//
// With Config.Hedge the second attempt of an idempotent call begins while the
// first one is slower than nearly all recent calls were. Whoever succeeds first
// cancels the other, which counts as nobody's failure; the call returns when both
// have ended, so an endpoint must heed its context.
//
// What keeps retries from making an outage worse:
//
//	Budget     no more further attempts than a fifth of the calls, and ten a second
//	pushback   a server says when to come again, or never (Retry-After, grpc-retry-pushback-ms)
//	chain      a service makes no more attempts than those above it would have made,
//	           and they do not repeat what it gave up: *Error says "never" to them
//
// It deliberately has no total timeout: that is the deadline of the caller's
// context. Keep AttemptTimeout below it, or one slow instance eats it all.
package retry
