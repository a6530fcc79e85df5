package transport_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/transport"
)

var _ lb.Stream = (*transport.Stream[int])(nil)

// counting yields 1, 2, … to most, and then err if that is not nil.
func counting(most int, err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for n := 1; n <= most; n++ {
			if !yield(n, nil) {
				return
			}
		}
		if err != nil && yield(-1, err) {
			panic("asked for more after an error")
		}
	}
}

// collect reads a stream, and leaves it at a value of last.
func collect(seq iter.Seq2[int, error], last int) (got []int, err error) {
	for n, err := range seq {
		if err != nil {
			return append(got, n), err
		}
		if got = append(got, n); n == last {
			break
		}
	}
	return got, nil
}

// TestStreamsEndOnce, whatever ends them, and all are told.
func TestStreamsEndOnce(t *testing.T) {
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		seq  iter.Seq2[int, error]
		last int
		want []int
		err  error
	}{
		"read":      {counting(3, nil), 0, []int{1, 2, 3}, nil},
		"nothing":   {nil, 0, nil, nil},
		"left":      {counting(3, nil), 2, []int{1, 2}, nil},
		"an error":  {counting(2, broken), 0, []int{1, 2, 0}, broken},
		"cancelled": {counting(9, nil), 9, []int{1, 2, 3, 0}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			seq := tt.seq
			if name == "cancelled" {
				seq = transport.Map(seq, func(n int) int {
					if n == 4 {
						cancel()
					}
					return n
				})
			}
			s := transport.NewStream(ctx, seq)
			ends := 0
			if name != "cancelled" { // there the end comes from two sides
				s.OnEnd(func(error) { ends++ })
				s.OnEnd(func(error) { ends++ })
			}
			got, err := collect(s.All(), tt.last)
			if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
				t.Errorf("read %v, %v, want %v, %v", got, err, tt.want, tt.err)
			}
			s.Close()
			s.OnEnd(func(err error) {
				if ends++; !errors.Is(err, tt.err) {
					t.Errorf("told of %v, want %v", err, tt.err)
				}
			})
			if read := len(slices.DeleteFunc(got, func(n int) bool { return n == 0 })); s.Count() != read {
				t.Errorf("%d values are counted, want %d", s.Count(), read)
			}
			if name != "cancelled" && ends != 3 {
				t.Errorf("told %d times, want 3", ends)
			}
			if _, err := collect(s.All(), 0); err == nil {
				t.Error("it can be read twice")
			}
		})
	}
}

// TestStreamsThatNobodyReads end with their context, or by Close.
func TestStreamsThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, closed := transport.NewStream(ctx, counting(3, nil)), transport.NewStream(ctx, counting(3, nil))
		ends := make(chan string, 9)
		s.OnEnd(func(error) { ends <- "context" })
		closed.OnEnd(func(error) { ends <- "close" })
		closed.Close()
		synctest.Wait()
		if len(ends) != 1 || <-ends != "close" {
			t.Error("Close did not end it")
		}
		cancel()
		synctest.Wait()
		if len(ends) != 1 || <-ends != "context" {
			t.Error("its context did not end it")
		}
		if _, err := collect(s.All(), 0); !errors.Is(err, context.Canceled) {
			t.Errorf("read late: %v", err)
		}
	})
}

// TestHowStreamsEnd: what policies are told of, whoever ends them. The first counts.
func TestHowStreamsEnd(t *testing.T) {
	broken, stopping := errors.New("broken"), errors.New("stopping")
	untilDone := func(ctx context.Context) iter.Seq2[int, error] {
		return func(func(int, error) bool) { <-ctx.Done() }
	}
	for name, tt := range map[string]struct {
		end  func(s *transport.Stream[int], cancel context.CancelCauseFunc)
		want error
	}{
		"closed":                     {func(s *transport.Stream[int], _ context.CancelCauseFunc) { s.Close() }, nil},
		"its reader failed":          {func(s *transport.Stream[int], _ context.CancelCauseFunc) { s.End(broken); s.Close() }, broken},
		"the server stops":           {func(_ *transport.Stream[int], cancel context.CancelCauseFunc) { cancel(stopping) }, stopping},
		"a reader fails of its stop": {func(s *transport.Stream[int], cancel context.CancelCauseFunc) { cancel(stopping); s.End(broken) }, stopping},
		"the sequence ends with its context": {func(s *transport.Stream[int], cancel context.CancelCauseFunc) {
			go cancel(stopping)
			for _, err := range s.All() {
				if !errors.Is(err, context.Canceled) {
					panic("it looks complete, or has a value")
				}
			}
		}, stopping},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				s := transport.NewStream(ctx, untilDone(ctx))
				told := make(chan error, 2)
				s.OnEnd(func(err error) { told <- err })
				tt.end(s, cancel)
				synctest.Wait()
				if err := <-told; !errors.Is(err, tt.want) || len(told) != 0 {
					t.Errorf("told of %v, and %d times more; want %v", err, len(told), tt.want)
				}
			})
		})
	}
}

// TestStreamsEndThoughTheirReaderPanics: a server recovers, and its policies must
// not count the call for ever.
func TestStreamsEndThoughTheirReaderPanics(t *testing.T) {
	s := transport.NewStream(t.Context(), counting(3, nil))
	ended := false
	s.OnEnd(func(err error) { ended = err != nil })
	func() {
		defer func() { _ = recover() }()
		for range s.All() {
			panic("reader")
		}
	}()
	if !ended {
		t.Error("it goes on")
	}
}

func TestMapPassesErrors(t *testing.T) {
	broken := errors.New("broken")
	got, err := collect(transport.Map(counting(2, broken), func(n int) int { return 10 * n }), 0)
	if !slices.Equal(got, []int{10, 20, 0}) || !errors.Is(err, broken) {
		t.Errorf("%v, %v", got, err)
	}
	other := errors.New("other")
	if _, err := collect(transport.MapErrors(counting(2, broken), func(error) error { return other }), 0); !errors.Is(err, other) {
		t.Errorf("%v became %v", broken, err)
	}
	if transport.Map(nil, func(n int) int { return n }) != nil || transport.MapErrors[int](nil, nil) != nil {
		t.Error("nothing became something")
	}
}

// TestReceive: half of what a client wanted to send is told from all of it.
func TestReceive(t *testing.T) {
	broken := errors.New("broken")
	for _, end := range []error{io.EOF, broken} {
		n := 0
		ctx, in := transport.Receive(t.Context(), func() (int, error) {
			if n++; n == 4 {
				return 0, end
			}
			return n, nil
		})
		for range in.Values() { // a part of them
			break
		}
		if got := slices.Collect(in.Values()); !slices.Equal(got, []int{2, 3}) {
			t.Errorf("received %v", got)
		}
		own := errors.New("the endpoint's own")
		switch {
		case end == io.EOF && ctx.Err() != nil:
			t.Error("the context has ended with the stream")
		case end == broken && !errors.Is(context.Cause(ctx), broken):
			t.Errorf("the context's cause is %v", context.Cause(ctx))
		}
		got := in.End(own)
		if want := map[bool]error{true: own, false: broken}[end == io.EOF]; !errors.Is(got, want) {
			t.Errorf("after %v the call ends with %v, want %v", end, got, want)
		}
		if ctx.Err() == nil {
			t.Error("End left the context")
		}
	}
}
