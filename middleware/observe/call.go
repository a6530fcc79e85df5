package observe

import (
	"context"
	"fmt"
)

// Side is from where a call is seen.
type Side uint8

// The sides.
const (
	Client  Side = iota // a call to another service, with all its attempts
	Server              // a call that another service makes here
	Attempt             // one attempt of a Client's call, at one instance
)

// String returns the side's name in lower case.
func (s Side) String() string {
	switch s {
	case Client:
		return "client"
	case Server:
		return "server"
	case Attempt:
		return "attempt"
	default:
		return fmt.Sprintf("side %d", uint8(s))
	}
}

// Call is what is known of a call when it starts. It may be shared by all calls
// of a method: nobody may change it.
type Call struct {
	Side    Side
	Service string // that is called
	Method  string // empty if unknown

	// Of an attempt alone:
	Instance string // where it goes
	Attempt  int    // which attempt it is: 1 for the first
	Breaker  string // state of the instance's circuit as it starts; empty if unknown

	Balancer string // that picks the instances; empty if unknown
}

// Observer is told of every call, on its goroutine: what an observer takes, the
// caller waits for. It must be safe for concurrent use.
type Observer interface {
	// Start is called before the call. The context it returns is what the call
	// and the observers after this one see; nil is ctx.
	Start(ctx context.Context, c *Call) context.Context

	// End is called after the call, also if it or an observer's Start panicked.
	// Its ctx is the one that the call was made with, with what all observers
	// have added. The last to start is the first to end. A call whose response is a
	// stream (lb.Stream) ends when that does: once, on the goroutine that ends it,
	// and perhaps since ctx has ended.
	End(ctx context.Context, c *Call, r Result)
}
