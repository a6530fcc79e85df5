// Package attempt is the context of a call and its attempts: what a retry policy,
// a balancer and the transports tell each other. It travels in the context,
// because go-kit's Balancer takes none.
//
//	retry     att := attempt.StartWith(ctx, attempt.Options{Timeout: 2*time.Second, Left: 2})
//	balancer  call := attempt.From(ctx)                   // nil without a retry
//	          call.Tried(id) ... call.Add(id)             // which instances
//	client    chain, ok := attempt.Outgoing(ctx)          // for the header Kit-Attempt
//	server    ctx = attempt.WithIncoming(ctx, chain)
//	retry     att.End(); att = att.NextWith(...)          // same Call, new time
//	timeout   bound := attempt.Within(ctx, d, cause)      // a deadline without a timer until somebody waits
//
// It decides nothing: whether to try again is retry's business, whom to ask is
// the balancer's.
package attempt
