package sd

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/go-kit/log"
)

// errGoexit stands in for the result of a backend that called runtime.Goexit,
// as a test helper's FailNow does. A loop must not end silently with it.
var errGoexit = errors.New("backend ended its goroutine (runtime.Goexit)")

// panicError is a backend's panic, made into an error so that one bad backend
// costs its own service a retry and not the process its life.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("backend panicked: %v", e.value) }

// Unwrap returns what the backend panicked with, if that was an error.
func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// contain runs f in a goroutine of its own and delivers how it ended, whatever
// way that was. The receiver of the result has joined it.
func contain(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if v := recover(); v != nil {
				err = &panicError{value: v, stack: debug.Stack()}
			}
			done <- err
		}()
		if err = f(); err != nil {
			_ = err.Error() // a typed nil panics here, where that is caught
		}
	}()
	return done
}

// withStack adds the place of a panic to the lines logged about it.
func withStack(logger log.Logger, err error) log.Logger {
	if p, ok := errors.AsType[*panicError](err); ok {
		return log.With(logger, "stack", string(p.stack))
	}
	return logger
}
