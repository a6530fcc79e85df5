package coalesce

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/go-kit/kit/endpoint"
)

var (
	errAlone  = errors.New("every caller has left") // the cause of the shared context's end
	errGoexit = errors.New("the shared call ended its goroutine (runtime.Goexit)")
)

// Panic is what every caller of a shared call panics with if that panicked. It
// holds the stack of the panic, which is not on the caller's goroutine.
type Panic struct {
	Value any
	Stack []byte
}

// Error gives the value and the stack of the panic.
func (p *Panic) Error() string {
	return fmt.Sprintf("panic in a shared call: %v\n\n%s", p.Value, p.Stack)
}

// flight is one call and those who wait for it.
type flight struct {
	waiting int // guarded by group.mu

	cancel context.CancelCauseFunc // of the call's context; set by the first caller, who waits
	done   chan struct{}           // closed when the call has ended, after what follows is set

	response any
	err      error
	panicked *Panic
}

// detach returns the context of the call: with the values of the first caller,
// without its deadline, and with an end of its own.
func (f *flight) detach(first context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(first))
	f.cancel = cancel
	return ctx
}

// run makes the call, on a goroutine of its own.
func (f *flight) run(ctx context.Context, request any, next endpoint.Endpoint) {
	returned := false
	defer func() {
		if returned {
			return
		}
		f.response, f.err = nil, errGoexit
		if v := recover(); v != nil {
			f.panicked = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	f.response, f.err = next(ctx, request)
	returned = true
}

// result is how the call ended, for each of its callers.
func (f *flight) result() (any, error) {
	f.repanic()
	return f.response, f.err
}

func (f *flight) repanic() {
	if f.panicked != nil {
		panic(f.panicked)
	}
}
