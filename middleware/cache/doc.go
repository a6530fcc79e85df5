// Package cache answers with a response that is not old yet, and with one that
// is when a call fails.
//
//	fallback     when there is not even a stale response    fallback.New
//	  ▼
//	cache        a hit ends here                            cache.New
//	  ▼
//	coalesce     those who miss a key at once ask once      coalesce.New
//	  ▼
//	throttle, bulkhead, retry, pick ... transport
//
// Calls have the same answer if Config.Key says so: write one to use it. For
// Config.TTL from when it came, a response answers instead of a call. For
// Config.MaxStale after that, it answers for a call that was made and failed
// (RFC 5861, stale-if-error): the server failed or was not reached, there were
// too many calls, a policy further in turned it down, or time ran out. A caller
// who has cancelled gets the error.
//
// Only answers are kept. An error is not, nor a response that says that the
// business failed (endpoint.Failer). If either is an answer all the same (not
// found), what was kept under the key is dropped: what the server says is gone
// must not come back when the server fails.
//
// All callers get the same response, so it must be only read. Of an endpoint no
// more than Config.Entries are kept, in up to 16 parts by a hash of the key; of
// a part that is full, the least recently used goes.
//
// Calls that miss one key at the same time are all made: with package coalesce
// further in, one of them is, and all that wait keep its answer. While a server
// is down, every call finds that out for itself before a stale response answers
// it; a breaker further in makes that quick.
//
// It deliberately does not refresh ahead, keep errors, share entries between
// processes, or forget a key on demand: choose a TTL short enough to be wrong
// for. The size of responses is the user's: Config.Entries bounds their number.
package cache
