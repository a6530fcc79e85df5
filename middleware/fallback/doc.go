// Package fallback answers in another way when a call fails: with a default,
// with what was known before, or with what somebody else says.
//
//	total timeout    bounds the call and the fallback together
//	  ▼
//	fallback         fallback.New(fallback.Config{Fallback: yesterdaysPrices})
//	  ▼
//	cache, throttle, bulkhead, retry, pick ... transport
//
// It stands around everything that tries to make the call succeed, and sees the
// last word of all of it.
//
// Unless Config.When says otherwise, the fallback answers when the call failed:
// the server failed or was not reached, a policy of this process turned the call
// down, there were too many, or time ran out. It does not answer for an error of
// the business (not found, not allowed), which is an answer, nor once the caller
// has cancelled, since nobody would hear it. To extend it, write When, or a
// classify.Func that names some errors and calls classify.Default for the rest.
//
// Time. The total timeout is outside, so when that is what ended the call, the
// fallback gets a context that has expired. One that returns what it has at hand
// does not mind. One that calls somebody needs time of its own: with
// Config.Reserve the call ends that much before the deadline, and the caller
// still gets its answer by then. Nobody waits longer than they said.
//
// A fallback hides failures from whoever counts outside of it. What happens to
// the attempts is seen further in, and Fallback gets the error: count it there.
//
// It deliberately recovers no panics, of the call or of the fallback, keeps no
// responses (package cache does), and does not chain: a fallback that may fail
// too is an endpoint around which another fallback fits.
package fallback
