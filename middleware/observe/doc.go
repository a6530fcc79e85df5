// Package observe tells observers of calls: metrics, traces, logs. Their
// packages are below this one; what they see is the same.
//
//	caller
//	  │
//	  ▼
//	observe.Calls      once per call: what the caller had to wait for,
//	  │                and what came out of it after all attempts
//	  ▼
//	retry, pick, breaker of the instance
//	  │
//	  ▼
//	observe.Attempts   once per attempt: what went over the wire, where to,
//	  │                which attempt it was, and what the circuit said
//	  ▼
//	transport
//
// Attempts is inside the breaker, so it does not see what never left. Of a
// server's calls there is only Calls, outermost, so that it sees the answers of
// all the policies that turn calls down.
//
// To extend it, write an Observer: two methods, and what is between them is the
// call. An observer that panics harms neither the call nor the other observers.
//
// A call whose response outlives it, as lb.Stream describes, ends when that does: its
// Result has the error with which the stream broke off, how long it was open, and how
// many messages it had.
//
// An attempt has the method of the call it belongs to, which Calls puts into
// the context. That is the one allocation of Calls: all calls of a method share
// one Call. It costs nothing to leave Calls out and give Config.Method instead,
// which knows the method by the type of the request.
//
// The package deliberately knows no metrics or tracing library, and changes
// nothing about a call: neither its context's deadline nor its error.
package observe
