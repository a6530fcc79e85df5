package transport

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// Stream is the response of an endpoint whose method answers a sequence, at the
// server and at its client: values as they come, read after the call has
// returned. Until it ends the call is in flight for every policy that it passed
// (it is an lb.Stream).
//
// Whoever is given one ranges over All, once, and may break off; or closes it. It
// also ends with the call's context, which is what frees one that nobody reads.
// One goroutine reads, any may close.
type Stream[T any] struct {
	ctx context.Context //nolint:containedctx // what the stream ends with
	seq iter.Seq2[T, error]

	mu     sync.Mutex // guards what follows
	read   bool       // somebody ranges over it, or has
	ended  bool
	ends   []func()
	detach func() bool // from ctx
}

// NewStream returns a stream of what seq yields, which is nothing if seq is nil.
// Nobody asks for more once seq has yielded an error, or ctx has ended: a sequence
// that waits for something waits for ctx as well.
func NewStream[T any](ctx context.Context, seq iter.Seq2[T, error]) *Stream[T] {
	s := &Stream[T]{ctx: ctx, seq: seq}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detach = context.AfterFunc(ctx, s.Close)
	return s
}

// errRead is of a stream that is ranged over again.
var errRead = errors.New("the stream was read, or closed, before: it can be ranged over once")

// All is the values of the stream. An error is the last that it yields, with a zero
// value; that of the context if it is this that has ended.
func (s *Stream[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if err := s.begin(); err != nil {
			yield(zero, err)
			return
		}
		defer s.Close() // also if the sequence or its reader panics
		if s.seq == nil {
			return
		}
		for v, err := range s.seq {
			if err == nil {
				err = s.ctx.Err()
			}
			if err != nil {
				yield(zero, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// begin reports whether the stream may be read.
func (s *Stream[T]) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.read:
		return errRead
	case s.ended && s.ctx.Err() != nil:
		return s.ctx.Err()
	case s.ended:
		return errRead
	}
	s.read = true
	return nil
}

// Close ends the stream; what it holds is freed. Again, it does nothing.
func (s *Stream[T]) Close() {
	s.mu.Lock()
	ends := s.ends
	s.ended, s.ends = true, nil
	detach := s.detach
	s.mu.Unlock()
	detach()
	for _, f := range ends {
		f()
	}
}

// OnEnd implements lb.Stream: f is called once, when the stream has ended, and at
// once if it has.
func (s *Stream[T]) OnEnd(f func()) {
	s.mu.Lock()
	ended := s.ended
	if !ended {
		s.ends = append(s.ends, f)
	}
	s.mu.Unlock()
	if ended {
		f()
	}
}

// Map is seq with f of each value, and its errors as they are; nil if seq is.
func Map[A, B any](seq iter.Seq2[A, error], f func(A) B) iter.Seq2[B, error] {
	if seq == nil {
		return nil
	}
	return func(yield func(B, error) bool) {
		for a, err := range seq {
			var b B
			if err == nil {
				b = f(a)
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// MapErrors is seq with f of each error, and its values as they are; nil if seq is.
func MapErrors[T any](seq iter.Seq2[T, error], f func(error) error) iter.Seq2[T, error] {
	if seq == nil {
		return nil
	}
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if err != nil {
				err = f(err)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}
