// Package classify says what the end of a call means: for the breaker, the
// retry policy and the balancer alike, so that the three never disagree.
//
// To change the meaning of some errors, write a Func that names those and calls
// Default for the rest.
//
// It looks at the shape of errors, not at their types: an error of any
// transport takes part by having one of the methods
//
//	NotSent() bool                            // true: the server cannot have seen the call
//	StatusCode() int                          // an HTTP status
//	RetryAfter() (after time.Duration, ok bool) // when to come again; negative: never
//	Rejected() bool                           // true: a policy of this process turned it down
//
// It does not import gRPC: package kitgrpc gives its errors a StatusCode, and
// kitgrpc.FromError does so for the errors of other connections.
package classify
