// Package attempt is what a retry policy and a balancer tell each other about
// one logical call: how many attempts there were, and which instances they
// went to. It travels in the context, because go-kit's Balancer takes none.
//
//	retry     att := attempt.Start(ctx, 2*time.Second)    // one allocation
//	balancer  call := attempt.From(ctx)                   // nil without a retry
//	          call.Tried(id) ... call.Add(id)
//	retry     att.End(); att = att.Next(2*time.Second)    // same Call, new time
//
// It decides nothing: whether to try again is retry's business, whom to ask is
// the balancer's.
package attempt
