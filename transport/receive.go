package transport

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"

	"github.com/kitgen/kitgen/internal/messages"
)

// Incoming is what a client sends in the course of a call, as the server receives
// it. A sequence of values has no error: if the client goes, or sends what cannot
// be read, the sequence ends, the call's context has ended before, with that as its
// cause, and the call fails, whatever its endpoint returned. Code that keeps what
// has come looks at its context first, or would take half a stream for a whole one.
type Incoming[T any] struct {
	receive func() (T, error)
	cancel  context.CancelCauseFunc
	many    messages.Count

	mu  sync.Mutex // guards err
	err error      // why no more can be received; nil at the end
}

// Receive returns what receive gives until that is io.EOF, and the context for the
// endpoint. Whoever calls it calls End.
func Receive[T any](ctx context.Context, receive func() (T, error)) (context.Context, *Incoming[T]) {
	ctx, cancel := context.WithCancelCause(ctx)
	in := &Incoming[T]{receive: receive, cancel: cancel}
	ctx = context.WithValue(ctx, messages.Received{}, &in.many)
	return context.WithValue(ctx, messages.Broken{}, in.broken), in
}

// Values is what comes. It can be ranged over in parts, on any goroutine, but not
// on two at a time.
func (in *Incoming[T]) Values() iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := in.receive()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				in.fail(err)
				return
			}
			in.many.Add()
			if !yield(v) {
				return
			}
		}
	}
}

func (in *Incoming[T]) fail(err error) {
	in.mu.Lock()
	if in.err == nil {
		in.err = err
	}
	in.mu.Unlock()
	in.cancel(err)
}

// End frees the context, and is the error of a call whose endpoint returned err:
// that of receiving, if there was one.
func (in *Incoming[T]) End(err error) error {
	in.cancel(nil)
	if broken := in.broken(); broken != nil {
		return broken
	}
	return err
}

func (in *Incoming[T]) broken() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.err
}
