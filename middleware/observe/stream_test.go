package observe_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kitgen/kitgen/internal/messages"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/transport"
)

// stream is a response that ends when its test says so, once for each who asked.
type stream struct {
	ends  []func(error)
	count int
}

func (s *stream) OnEnd(f func(error)) { s.ends = append(s.ends, f) }
func (s *stream) Count() int          { return s.count }

func (s *stream) end(err error) {
	for _, f := range s.ends {
		f(err)
		f(errDown) // more than once changes nothing
	}
}

// over is a stream that had ended before anybody asked.
type over struct{ err error }

func (o over) OnEnd(f func(error)) { f(o.err) }

// stopping is what a server that leaves ends its streams with.
type stopping struct{}

func (stopping) Error() string                     { return "stopping" }
func (stopping) StatusCode() int                   { return 503 }
func (stopping) RetryAfter() (time.Duration, bool) { return 0, true }

// results is an observer that keeps what calls came to, in the order of their ends.
type results struct{ all []observe.Result }

func (r *results) Start(context.Context, *observe.Call) context.Context { return nil }

func (r *results) End(_ context.Context, _ *observe.Call, result observe.Result) {
	result.Response = nil
	r.all = append(r.all, result)
}

// TestStreams are told of when they have ended, once, with how they did.
func TestStreams(t *testing.T) {
	for name, tt := range map[string]struct {
		err     error
		outcome classify.Outcome
	}{
		"well":             {nil, classify.Success},
		"it broke":         {errDown, classify.Failure},
		"its server stops": {stopping{}, classify.Excluded},
		"the caller left":  {context.Canceled, classify.Excluded},
	} {
		for _, side := range []observe.Side{observe.Client, observe.Server} {
			t.Run(name+" at the "+side.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					seen, s := &results{}, &stream{}
					cfg := observe.Config{Side: side, Observers: []observe.Observer{seen}}
					call := observe.Calls(cfg)("watch")(func(context.Context, any) (any, error) {
						time.Sleep(time.Second)
						return s, nil
					})
					if response, err := call(t.Context(), nil); response != s || err != nil {
						t.Fatalf("the caller got %v, %v", response, err)
					}
					time.Sleep(time.Hour)
					if len(seen.all) != 0 {
						t.Error("told before its end")
					}
					s.count = 7
					s.end(tt.err)
					want := observe.Result{Took: time.Second, Open: time.Hour, Outcome: tt.outcome, Err: tt.err, Received: 7}
					if side == observe.Server {
						want.Sent, want.Received = 7, 0
					}
					if diff := cmp.Diff([]observe.Result{want}, seen.all, cmpopts.EquateErrors()); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// TestAClientsStreamThatBreaksOff fails the call, whatever its endpoint returns. One
// that was whole does not, though the context has ended since.
func TestAClientsStreamThatBreaksOff(t *testing.T) {
	for end, want := range map[error]error{errDown: errDown, io.EOF: nil} {
		seen := &results{}
		ctx, cancel := context.WithCancel(t.Context())
		ctx, in := transport.Receive(ctx, func() (int, error) { return 0, end })
		call := observe.Calls(observe.Config{Side: observe.Server, Observers: []observe.Observer{seen}})("report")(func(context.Context, any) (any, error) {
			for range in.Values() {
			}
			cancel()
			return 3, nil
		})
		_, err := call(ctx, nil)
		if answer := in.End(err); !errors.Is(answer, want) || len(seen.all) != 1 || !errors.Is(seen.all[0].Err, answer) {
			t.Errorf("it is answered with %v, and told of %+v", answer, seen.all)
		}
	}
}

func TestAStreamThatWasOverAtOnce(t *testing.T) {
	seen := &results{}
	call := observe.Calls(observe.Config{Observers: []observe.Observer{seen}})("watch")(returns(over{errDown}, nil))
	_, _ = call(t.Context(), nil)
	if len(seen.all) != 1 || !errors.Is(seen.all[0].Err, errDown) || seen.all[0].Open <= 0 {
		t.Errorf("told of %+v", seen.all)
	}
}

// TestAStreamThatCannotBeFollowed is a bug of somebody's, as a panic is.
func TestAStreamThatCannotBeFollowed(t *testing.T) {
	seen := &results{}
	call := observe.Calls(observe.Config{Observers: []observe.Observer{seen}})("watch")(returns((*stream)(nil), nil))
	func() {
		defer func() { _ = recover() }()
		_, _ = call(t.Context(), nil)
	}()
	if len(seen.all) != 1 || !errors.Is(seen.all[0].Err, observe.ErrUnfinished) {
		t.Errorf("told of %+v", seen.all)
	}
}

// TestWhatAClientSends is counted by the transport, for the call and for each attempt.
func TestWhatAClientSends(t *testing.T) {
	sends := func(n int) endpoint.Endpoint {
		return func(ctx context.Context, _ any) (any, error) {
			for range n {
				messages.Of(ctx, messages.Sent{}).Add()
			}
			return nil, nil
		}
	}
	for name, method := range map[string]func(context.Context, any) string{
		"a method of the call":     nil,
		"a method of the attempts": func(context.Context, any) string { return "report" },
	} {
		t.Run(name, func(t *testing.T) {
			calls, attempts := &results{}, &results{}
			attempt := observe.Attempts(observe.Config{Observers: []observe.Observer{attempts}, Method: method})("a:1")
			call := observe.Calls(observe.Config{Observers: []observe.Observer{calls}})("report")(func(ctx context.Context, _ any) (any, error) {
				_, _ = attempt(sends(2))(ctx, nil)
				return attempt(sends(3))(ctx, nil)
			})
			_, _ = call(t.Context(), nil)
			if c, a := calls.all, attempts.all; len(c) != 1 || len(a) != 2 || c[0].Sent != 5 || a[0].Sent != 2 || a[1].Sent != 3 {
				t.Errorf("told of %+v, and of the attempts %+v", c, a)
			}
		})
	}
}

// TestWhatAServerReceives is counted by the transport, too.
func TestWhatAServerReceives(t *testing.T) {
	seen, received := &results{}, new(messages.Count)
	call := observe.Calls(observe.Config{Side: observe.Server, Observers: []observe.Observer{seen}})("report")(func(context.Context, any) (any, error) {
		received.Add()
		return nil, nil
	})
	_, _ = call(context.WithValue(t.Context(), messages.Received{}, received), nil)
	if len(seen.all) != 1 || seen.all[0].Received != 1 || seen.all[0].Sent != 0 || seen.all[0].Open != 0 {
		t.Errorf("told of %+v", seen.all)
	}
}
