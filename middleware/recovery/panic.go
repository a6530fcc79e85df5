package recovery

import "errors"

// Panic is the error of a call that panicked. It matches no other error, not
// even one that was the panic's value: that a handler died of a timeout does
// not make the call one that timed out, and to a client that may retry it must
// not look like one that was never sent.
type Panic struct {
	Value any    // what panic was called with; an error that says so for runtime.Goexit
	Stack []byte // of the goroutine that panicked, from debug.Stack
}

// Error says that there was a panic, and nothing of what it said: it is the
// text that callers are told.
func (p *Panic) Error() string { return "internal error: panic while serving the call" }

// StatusCode is HTTP's Internal Server Error.
func (p *Panic) StatusCode() int { return 500 }

// errGoexit is the value of a "panic" that was runtime.Goexit.
var errGoexit = errors.New("the endpoint called runtime.Goexit")
