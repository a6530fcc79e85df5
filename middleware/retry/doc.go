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
// A retry inside a retry begins a call of its own and shares no attempts and no
// tried instances with the outer one. The outer one does not repeat what the
// inner one gave up: otherwise three layers of three attempts would make 27.
//
// It deliberately has no total timeout: that is the deadline of the caller's
// context. Keep AttemptTimeout below it, or one slow instance eats it all. It
// does not hedge, keeps no budget, and does not read Retry-After.
package retry
