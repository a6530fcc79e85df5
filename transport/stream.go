package transport

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
)

// Stream is the response of an endpoint whose method answers a sequence, at the
// server and at its client: values as they come, read after the call has
// returned. Until it ends the call is in flight for every policy that it passed
// (it is an lb.Stream), and all of them are told with which error it did.
//
// Whoever is given one ranges over All, once, and may break off; or closes it. It
// also ends with the call's context, which is what frees one that nobody reads.
// One goroutine reads, any may close.
type Stream[T any] struct {
	ctx  context.Context //nolint:containedctx // what the stream ends with
	seq  iter.Seq2[T, error]
	many atomic.Int64 // values that were read

	mu     sync.Mutex // guards what follows
	read   bool       // somebody ranges over it, or has
	ended  bool
	err    error // with which it has
	ends   []func(error)
	detach func() bool // from ctx
}

// NewStream returns a stream of what seq yields, which is nothing if seq is nil.
// Nobody asks for more once seq has yielded an error, or ctx has ended: a sequence
// that waits for something waits for ctx as well.
func NewStream[T any](ctx context.Context, seq iter.Seq2[T, error]) *Stream[T] {
	s := &Stream[T]{ctx: ctx, seq: seq}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detach = context.AfterFunc(ctx, func() { s.End(ctx.Err()) })
	return s
}

// errRead is of a stream that is ranged over again.
var errRead = errors.New("the stream was read, or closed, before: it can be ranged over once")

// unfinished is the end of a stream that panicked, or whose reader did.
type unfinished struct{}

func (unfinished) Error() string   { return "the stream panicked or ended its goroutine" }
func (unfinished) StatusCode() int { return http.StatusInternalServerError }

// All is the values of the stream. An error is the last that it yields, with a zero
// value; that of the context if it is this that has ended.
func (s *Stream[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if err := s.begin(); err != nil {
			yield(zero, err)
			return
		}
		end := error(unfinished{}) // what a panic leaves
		defer func() { s.End(end) }()
		if s.seq == nil {
			end = nil
			return
		}
		for v, err := range s.seq {
			if err == nil {
				err = s.ctx.Err()
			}
			if err != nil {
				s.End(err)
				yield(zero, err)
				return
			}
			s.many.Add(1)
			if !yield(v, nil) {
				end = nil
				return
			}
		}
		if end = s.ctx.Err(); end != nil { // which is why some sequences end
			s.End(end)
			yield(zero, end)
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

// Close ends the stream, of which no more is wanted; what it holds is freed. Again,
// it does nothing.
func (s *Stream[T]) Close() { s.End(nil) }

// End is Close for a reader that failed, as a server's does which cannot send: err is
// how the stream ended, unless it had ended before, or its context has. Then it is the
// cause of that.
func (s *Stream[T]) End(err error) {
	if err != nil && s.ctx.Err() != nil {
		err = context.Cause(s.ctx)
	}
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	ends := s.ends
	s.ended, s.err, s.ends = true, err, nil
	detach := s.detach
	s.mu.Unlock()
	detach()
	for _, f := range ends {
		f(err)
	}
}

// OnEnd implements lb.Stream: f is called once, when the stream has ended, and at
// once if it has. Its error is the last that the stream yielded, or the cause of the
// end of its context; nil if it came to its end, or was left.
func (s *Stream[T]) OnEnd(f func(err error)) {
	s.mu.Lock()
	ended, err := s.ended, s.err
	if !ended {
		s.ends = append(s.ends, f)
	}
	s.mu.Unlock()
	if ended {
		f(err)
	}
}

// Count is how many values have been read until now.
func (s *Stream[T]) Count() int { return int(s.many.Load()) }

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
