package transport

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/transport/internal/guard"
)

// errStuck is what a step is reported with that does not come back.
var errStuck = errors.New("still running; it is left behind")

// errGoexit is the error of a step that ended its goroutine.
var errGoexit = errors.New("did not return: it called runtime.Goexit, as t.FailNow and t.SkipNow do")

// task is a step in a goroutine of its own, so that one that hangs or panics
// holds up nothing else.
type task struct {
	name string
	done chan struct{} // closed once err is set
	err  error

	dismissed bool // its error is of no interest any more
}

func begin(name string, f func() error) *task {
	t := &task{name: name, done: make(chan struct{})}
	go func() {
		defer close(t.done)
		if err := contain(f); err != nil {
			t.err = fmt.Errorf("%s: %w", name, err)
		}
	}()
	return t
}

// contain returns f's error, whatever f does: panic, or end its goroutine.
func contain(f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() { done <- err }()
		err = guard.Call(f)
	}()
	return <-done
}

// over reports whether t has come back.
func (t *task) over() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// wait reports whether t came back before ctx ended.
func (t *task) wait(ctx context.Context) bool {
	select {
	case <-t.done:
		return true
	case <-ctx.Done():
		return t.over()
	}
}

// results joins the errors of all tasks. They have d, together, to come back.
func results(d time.Duration, tasks []*task) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return resultsBy(ctx, tasks)
}

// resultsBy joins the errors of all tasks. They have until ctx ends.
func resultsBy(ctx context.Context, tasks []*task) error {
	var errs []error
	for _, t := range tasks {
		switch {
		case !t.wait(ctx):
			errs = append(errs, fmt.Errorf("%s: %w", t.name, errStuck))
		case !t.dismissed:
			errs = append(errs, t.err)
		}
	}
	return errors.Join(errs...)
}
