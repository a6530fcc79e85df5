// Package guard turns panics into errors, for steps that must not take the
// rest of the process with them.
package guard

import (
	"fmt"
	"runtime/debug"
)

// Panic is a recovered panic. Its text carries the stack, since it is written
// to logs; what callers on the other side of a wire are told is decided there.
type Panic struct {
	Value any
	Stack []byte
}

// Error gives the value and the stack of the panic.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack) }

// Unwrap gives the panic's value where that is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Call runs f and returns its error, or a *Panic where f panicked.
func Call(f func() error) (err error) {
	defer Recover(&err)
	return f()
}

// Recover is deferred; it puts a *Panic into *err if the function panics.
func Recover(err *error) {
	if v := recover(); v != nil {
		*err = New(v)
	}
}

// New is the *Panic of a recovered value, with the stack of where it is called.
func New(v any) *Panic { return &Panic{Value: v, Stack: debug.Stack()} }
