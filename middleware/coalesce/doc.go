// Package coalesce makes calls that are alike and overlap into one call, so that
// a hundred callers who miss the same entry of a cache ask for it once.
//
//	cache        hits never get here                    cache.New
//	  ▼
//	coalesce     misses of one key wait for one call    coalesce.New
//	  ▼
//	throttle, bulkhead, retry, pick ... transport
//
// What is alike is what Config.Key says: write one to use it. All callers get the
// same response and the same error, so the response must be only read.
//
// Each caller waits for as long as its own context allows. One that leaves, even
// the first, takes nothing from the others. The shared call ends when the last
// one has left, and that one waits for it to return, as it would have had it
// called by itself: so nothing is ever left running that nobody waits for. A
// caller who comes in the meantime starts another call.
//
// The context of the shared call has the values of the first caller, which thus
// may be asked for after that caller has returned; what is in them must bear
// that. It has no deadline, since those who come later may wait longer than the
// first: it is cancelled when nobody waits. What must be bounded in any case gets
// its bound further in, as from retry's attempt timeout.
//
// If the call panics, every caller panics with a *Panic, which holds the value
// and the stack. If it ends its goroutine (runtime.Goexit), every caller gets an
// error: none asked for the end of theirs.
//
// The call runs on a goroutine of its own. On the first caller's it would cost
// about half a microsecond less, but then either that caller could not leave, or
// would take the call along when it does and have the next one begin anew: with
// callers that have 1 s each and a call that takes 2 s, nobody would ever get an
// answer. Here those get it who came in its second half.
//
// It deliberately keeps nothing after the call has ended (package cache does),
// its context neither, so it is not for responses that are read later. Nor is it
// for calls that change something: who shares one believes that it was made for
// them. An endpoint must not call itself with a key it was called with; it would
// wait for itself.
//
// The model is x/sync/singleflight, which has no contexts, and in which a caller
// who leaves leaves its goroutine behind.
package coalesce
