// Package breaker keeps calls away from an instance that fails, and lets one
// call at a time find out whether it is back.
//
//	pool := lb.NewPool(instances, factory, lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
//
// A circuit is Closed while calls go through. It opens after a row of failures,
// or when too large a share of the calls in a window failed. While Open, calls
// are rejected with ErrOpen. After a while the next call is a probe: the circuit
// is HalfOpen until it ends, then Closed if it succeeded, or Open for twice as
// long as before. Open times vary by a fifth, so that a fleet does not return
// together.
//
// What counts as a failure is decided by classify.Func; write one to extend it.
// A call rejected by another breaker further in counts for nothing.
//
// The counting and the decision to open are sony/gobreaker's. The open time and
// the probe are not: in gobreaker a probe that hangs is waited for for ever, a
// call that outlives the window is never counted, calls in flight hide failures,
// and the open time is fixed. So a gobreaker lives as long as the circuit is
// closed, and is told of a call when it has ended.
//
// Nothing here starts a goroutine or a timer: time passes when somebody calls.
// It deliberately has no state shared between processes, and no service-wide
// switch: which instances are left is the balancer's business.
package breaker
