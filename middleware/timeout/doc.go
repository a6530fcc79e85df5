// Package timeout bounds how long a whole call may take, and does not start one
// that cannot finish.
//
//	client                             server
//	  observe                            observe
//	    ▼                                  ▼
//	  timeout   10 s for everything      recovery
//	    ▼                                  ▼
//	  fallback, cache, throttle          timeout   the caller's deadline, as the
//	    ▼                                  ▼       wire told it, or 10 s
//	  retry     2 s for each attempt     shed, auth, ratelimit, limit
//	    ▼                                  ▼
//	  pick ... transport                 service
//
// The time of a call is the caller's or Config.Timeout, whichever is less. When
// it is up, the call's context ends; context.Cause then is an *Error if it was
// Config.Timeout, and so is the error of the call.
//
// A call is rejected at once, with nothing sent, if its deadline has passed or
// is nearer than Config.Least: an answer that nobody waits for is time taken
// from those who wait (Site Reliability Engineering, ch. 22, "Latency and
// Deadlines"). With Config.Measured, the least is also found out: a call with
// less time than the median of those that succeeded in the last ten to twenty
// seconds would more likely fail than not. Once a second such a call goes
// through all the same, so that the median falls when the service is quick
// again; and when nothing has succeeded for that long, nothing is known, and
// nothing is rejected. It is off by default, since methods that are quick and
// slow behind one policy would be judged by one median.
//
// The call runs on the caller's goroutine. An endpoint that does not heed its
// context is therefore waited for, however long it takes: to give up on it, one
// would have to leave it running on a goroutine that nobody joins, and a service
// whose handlers hang would collect them without bound. All transports of this
// module heed the context, and a handler must.
//
// A response that outlives its call, because it has a method OnEnd(func(error)) as
// lb.Stream describes, has what is left of the time: its context lives until it
// ends, or the time is up. For downloads and subscriptions that take as long as
// they take, set a negative Config.Timeout.
//
// It deliberately does not bound single attempts (retry does, with
// Config.AttemptTimeout), and writes no deadline on the wire (the transports do,
// from the context).
package timeout
