package kitgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

type (
	number  = wrapperspb.Int64Value
	numbers = grpc.GenericServerStream[number, number]
	calling = grpc.GenericClientStream[number, number]
)

func toNumber(n int) *number { return wrapperspb.Int64(int64(n)) }

func fromNumber(m *number) (int, error) {
	if m.GetValue() < 0 {
		return 0, fmt.Errorf("%d is below 0", m.GetValue())
	}
	return int(m.GetValue()), nil
}

// arithmetic has a method of each kind of stream, as a generated service would.
type arithmetic struct {
	count func(ctx context.Context, most int) (iter.Seq2[int, error], error)
	sum   func(ctx context.Context, values iter.Seq[int]) (int, error)
	each  func(ctx context.Context, values iter.Seq[int]) (iter.Seq2[int, error], error)
}

const arithmeticName = "test.Arithmetic"

func (a arithmetic) register(s grpc.ServiceRegistrar) {
	s.RegisterService(&grpc.ServiceDesc{ServiceName: arithmeticName, HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{
		{StreamName: "Count", ServerStreams: true, Handler: a.handleCount},
		{StreamName: "Sum", ClientStreams: true, Handler: a.handleSum},
		{StreamName: "Each", ServerStreams: true, ClientStreams: true, Handler: a.handleEach},
	}}, a)
}

func (a arithmetic) handleCount(_ any, s grpc.ServerStream) error {
	most := new(number)
	if err := s.RecvMsg(most); err != nil {
		return err
	}
	values, err := a.count(s.Context(), int(most.Value))
	if err != nil {
		return kitgrpc.ToError(err)
	}
	return kitgrpc.Send(&numbers{ServerStream: s}, transport.NewStream(s.Context(), values), kitgrpc.Infallible(toNumber))
}

func receive(ctx context.Context, s *numbers) (context.Context, *transport.Incoming[int]) {
	return transport.Receive(ctx, func() (int, error) {
		m, err := s.Recv()
		if err != nil {
			return 0, err
		}
		return fromNumber(m)
	})
}

func (a arithmetic) handleSum(_ any, s grpc.ServerStream) error {
	stream := &numbers{ServerStream: s}
	ctx, in := receive(s.Context(), stream)
	sum, err := a.sum(ctx, in.Values())
	if err := in.End(err); err != nil {
		return kitgrpc.ToError(err)
	}
	return stream.SendAndClose(toNumber(sum))
}

func (a arithmetic) handleEach(_ any, s grpc.ServerStream) error {
	stream := &numbers{ServerStream: s}
	ctx, in := receive(s.Context(), stream)
	values, err := a.each(ctx, in.Values())
	if err == nil {
		err = kitgrpc.Send(stream, transport.NewStream(ctx, values), kitgrpc.Infallible(toNumber))
	}
	return kitgrpc.ToError(in.End(err))
}

// The requests of newArithmetic's endpoint.
type (
	counting int
	summing  iter.Seq[int]
	doing    iter.Seq[int]
)

// messages has none for 13.
func messages(values iter.Seq[int]) iter.Seq2[*number, error] {
	return func(yield func(*number, error) bool) {
		for v := range values {
			var err error
			if v == 13 {
				err = errOdd
			}
			if !yield(toNumber(v), err) {
				return
			}
		}
	}
}

// newArithmetic is the client of one instance.
func newArithmetic(cc *grpc.ClientConn) endpoint.Endpoint {
	open := func(ctx context.Context, name string, server, client bool, opts ...grpc.CallOption) (*calling, error) {
		s, err := cc.NewStream(ctx, &grpc.StreamDesc{StreamName: name, ServerStreams: server, ClientStreams: client}, "/"+arithmeticName+"/"+name, opts...)
		return &calling{ClientStream: s}, err
	}
	return func(ctx context.Context, request any) (any, error) {
		switch r := request.(type) {
		case counting:
			return kitgrpc.Open(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[number], error) {
				s, err := open(ctx, "Count", true, false)
				if err != nil {
					return nil, err
				}
				return s, errors.Join(s.ClientStream.SendMsg(toNumber(int(r))), s.CloseSend())
			}, fromNumber)
		case summing:
			m, err := kitgrpc.Upload(ctx, func(ctx context.Context, opts ...grpc.CallOption) (grpc.ClientStreamingClient[number, number], error) {
				return open(ctx, "Sum", false, true, opts...)
			}, messages(iter.Seq[int](r)))
			if err != nil {
				return nil, err
			}
			return int(m.Value), nil
		case doing:
			return kitgrpc.Exchange(ctx, func(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[number, number], error) {
				return open(ctx, "Each", true, true, opts...)
			}, messages(iter.Seq[int](r)), fromNumber)
		}
		return nil, fmt.Errorf("%T", request)
	}
}

// arithmeticClient calls a by a whole client: balancer and retry.
type arithmeticClient struct {
	endpoint.Endpoint

	pool *lb.Pool
}

func serveArithmetic(t *testing.T, a arithmetic) (arithmeticClient, *serving) {
	t.Helper()
	l := listen(t)
	s := kitgrpc.NewServer(kitgrpc.Config{StreamGrace: -1})
	a.register(s)
	p := serve(t, s.On(l), transport.Config{Propagation: -1})
	pool := lb.NewPool(kitsd.FixedInstancer{l.Addr().String()}, kitgrpc.Factory(newArithmetic), lb.PoolConfig{})
	t.Cleanup(func() { _ = pool.Close() })
	if err := pool.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	call := retry.New(retry.Config{Idempotent: true, Streams: true})(lb.Endpoint(lb.NewRoundRobin(pool)))
	return arithmeticClient{call, pool}, p
}

func (c arithmeticClient) count(ctx context.Context, most int) (*transport.Stream[int], error) {
	return typed[*transport.Stream[int]](c.Endpoint(ctx, counting(most)))
}

func (c arithmeticClient) each(ctx context.Context, values iter.Seq[int]) (*transport.Stream[int], error) {
	return typed[*transport.Stream[int]](c.Endpoint(ctx, doing(values)))
}

func typed[T any](v any, err error) (T, error) {
	if err != nil {
		var zero T
		return zero, err
	}
	return v.(T), nil
}

// busy is how many calls the client has in flight.
func (c arithmeticClient) busy() int { return c.pool.Nodes()[0].InFlight }

func read(seq iter.Seq2[int, error], last int) (got []int, err error) {
	for n, err := range seq {
		if err != nil {
			return got, err
		}
		if got = append(got, n); n == last {
			break
		}
	}
	return got, nil
}

// upTo yields 1, 2, … until ctx ends or most are said, and then err.
func upTo(ctx context.Context, most int, err error, left chan<- error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer func() { left <- context.Cause(ctx) }()
		for n := 1; n <= most; n++ {
			if !yield(n, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

var errOdd = &transport.Error{Status: 409, Code: "odd", Message: "it is odd"}

// TestServerStreams are read to the end, or fail, or are left, and count as in
// flight until then; the server's sequence is over then, too.
func TestServerStreams(t *testing.T) {
	left := make(chan error, 1)
	c, _ := serveArithmetic(t, arithmetic{count: func(ctx context.Context, most int) (iter.Seq2[int, error], error) {
		switch most {
		case 0:
			return nil, errOdd
		case 3:
			return upTo(ctx, 3, errOdd, left), nil
		}
		return upTo(ctx, most, nil, left), nil
	}})
	if _, err := c.count(t.Context(), 0); !errors.Is(err, errOdd) || c.busy() != 0 {
		t.Errorf("turned down: %v, busy %d", err, c.busy())
	}
	for _, tt := range []struct {
		most, last int
		want       []int
		err        error
	}{
		{2, 0, []int{1, 2}, nil},
		{3, 0, []int{1, 2, 3}, errOdd},
		{1 << 30, 2, []int{1, 2}, nil},
	} {
		s, err := c.count(t.Context(), tt.most)
		if err != nil {
			t.Fatal(err)
		}
		if c.busy() != 1 {
			t.Errorf("%d: an open stream makes %d calls in flight", tt.most, c.busy())
		}
		got, err := read(s.All(), tt.last)
		if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("%d: read %v, %v, want %v, %v", tt.most, got, err, tt.want, tt.err)
		}
		if c.busy() != 0 {
			t.Errorf("%d: one that has ended, %d", tt.most, c.busy())
		}
		<-left
	}
}

// TestStreamsWithoutHeader are those of servers that send one only with a message,
// of which there is none.
func TestStreamsWithoutHeader(t *testing.T) {
	l := listen(t)
	s := kitgrpc.NewServer(kitgrpc.Config{})
	s.RegisterService(&grpc.ServiceDesc{ServiceName: arithmeticName, HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{
		{StreamName: "Count", ServerStreams: true, Handler: func(any, grpc.ServerStream) error { return nil }},
	}}, s)
	serve(t, s.On(l), transport.Config{Propagation: -1})
	connect(t, l.Addr().String(), func(cc *grpc.ClientConn) {
		s, err := typed[*transport.Stream[int]](newArithmetic(cc)(t.Context(), counting(1)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := read(s.All(), 0); len(got) > 0 || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// TestUnreadStreamsEndWithTheirContext: there is nobody else who could tell.
func TestUnreadStreamsEndWithTheirContext(t *testing.T) {
	left, gone := make(chan error, 1), make(chan struct{})
	c, _ := serveArithmetic(t, arithmetic{count: func(ctx context.Context, most int) (iter.Seq2[int, error], error) {
		context.AfterFunc(ctx, func() { close(gone) }) // the sequence may not even have begun
		return upTo(ctx, most, nil, left), nil
	}})
	ctx, cancel := context.WithCancel(t.Context())
	s, err := c.count(ctx, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	s.OnEnd(func(error) { close(ended) })
	cancel()
	<-ended
	<-gone
	if _, err := read(s.All(), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("read late: %v", err)
	}
}

// TestStoppingServersEndStreams with what their clients may go by to call again.
func TestStoppingServersEndStreams(t *testing.T) {
	left := make(chan error, 1)
	c, p := serveArithmetic(t, arithmetic{count: func(ctx context.Context, _ int) (iter.Seq2[int, error], error) {
		return func(yield func(int, error) bool) {
			yield(1, nil)
			<-ctx.Done()
			left <- context.Cause(ctx)
		}, nil
	}})
	s, err := c.count(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for v, failed := range s.All() {
		if v == 1 {
			p.stop()
		}
		err = failed
	}
	again, ok := errors.AsType[*kitgrpc.Error](err)
	if !ok || again.StatusCode() != 503 {
		t.Fatalf("ended with %v", err)
	}
	if after, ok := again.RetryAfter(); after != 0 || !ok {
		t.Errorf("come again after %v, %v", after, ok)
	}
	if cause := <-left; !errors.Is(cause, transport.ErrStopping) {
		t.Errorf("the service saw %v", cause)
	}
}

func add(_ context.Context, values iter.Seq[int]) (sum int, err error) {
	for v := range values {
		sum += v
	}
	return sum, nil
}

func TestClientStreams(t *testing.T) {
	seen := make(chan error, 1)
	c, _ := serveArithmetic(t, arithmetic{sum: func(ctx context.Context, values iter.Seq[int]) (int, error) {
		sum, err := add(ctx, values)
		seen <- context.Cause(ctx)
		return sum, err
	}})
	sum := func(values ...int) (int, error) {
		return typed[int](c.Endpoint(t.Context(), summing(slices.Values(values))))
	}
	if got, err := sum(1, 2, 3); got != 6 || err != nil || <-seen != nil {
		t.Errorf("%d, %v", got, err)
	}
	_, err := sum(1, -2, 3)
	if cause := <-seen; err == nil || cause == nil {
		t.Errorf("one that cannot be read: %v; the service saw %v", err, cause)
	}
}

// TestClientStreamsAreLeft when the server has answered, and are not made again.
func TestClientStreamsAreLeft(t *testing.T) {
	calls := 0
	c, _ := serveArithmetic(t, arithmetic{sum: func(context.Context, iter.Seq[int]) (int, error) {
		calls++
		return 0, &transport.Error{Code: "unavailable"}
	}})
	ended := false
	_, err := c.Endpoint(t.Context(), summing(func(yield func(int) bool) {
		for yield(1) {
		}
		ended = true
	}))
	if e, ok := errors.AsType[*kitgrpc.Error](err); !ok || e.ErrorCode() != "unavailable" {
		t.Errorf("%v", err)
	}
	if !ended || calls != 1 {
		t.Errorf("ended: %v; %d calls", ended, calls)
	}
}

// TestBothWays: each value is answered before the next is asked for.
func TestBothWays(t *testing.T) {
	c, _ := serveArithmetic(t, arithmetic{each: func(_ context.Context, values iter.Seq[int]) (iter.Seq2[int, error], error) {
		return func(yield func(int, error) bool) {
			for v := range values {
				if v == 3 {
					yield(0, errOdd)
					return
				}
				if !yield(2*v, nil) {
					return
				}
			}
		}, nil
	}})
	for most, want := range map[int]error{2: nil, 4: errOdd} {
		ctx, cancel := context.WithCancel(t.Context())
		next := make(chan int, 1)
		next <- 1
		s, err := c.each(ctx, func(yield func(int) bool) {
			for {
				select {
				case v := <-next:
					if v > most || !yield(v) {
						return
					}
				case <-ctx.Done():
					return
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for v, e := range s.All() {
			if e != nil {
				err = e
				break
			}
			got += v
			next <- v/2 + 1
		}
		if got != 6 || !errors.Is(err, want) {
			t.Errorf("%d, %v, want %v", got, err, want)
		}
		cancel()
	}
}

// TestUnsendable: what has no message ends a stream, and is what the caller is told.
func TestUnsendable(t *testing.T) {
	c, _ := serveArithmetic(t, arithmetic{sum: add, each: func(_ context.Context, values iter.Seq[int]) (iter.Seq2[int, error], error) {
		return func(yield func(int, error) bool) {
			for v := range values {
				yield(v, nil)
			}
		}, nil
	}})
	if _, err := c.Endpoint(t.Context(), summing(slices.Values([]int{1, 13}))); !errors.Is(err, errOdd) {
		t.Errorf("sum: %v", err)
	}
	s, err := c.each(t.Context(), slices.Values([]int{1, 13}))
	if err == nil {
		_, err = read(s.All(), 0)
	}
	if !errors.Is(err, errOdd) {
		t.Errorf("each: %v", err)
	}
}

// TestNobodyToStreamTo: what was not sent is tried again, sequences of the caller's
// too, as long as nothing was taken from them.
func TestNobodyToStreamTo(t *testing.T) {
	closed := listen(t)
	_ = closed.Close()
	connect(t, closed.Addr().String(), func(cc *grpc.ClientConn) {
		asked := false
		values := func(func(int) bool) { asked = true }
		for _, request := range []any{counting(1), summing(values), doing(values)} {
			_, err := newArithmetic(cc)(t.Context(), request)
			if e, ok := errors.AsType[interface {
				error
				NotSent() bool
			}](err); !ok || !e.NotSent() || asked {
				t.Errorf("%T: %v, asked: %v", request, err, asked)
			}
		}
	})
}

// TestOpeningTimesOut as any attempt does, and says so.
func TestOpeningTimesOut(t *testing.T) {
	release := make(chan struct{})
	c, _ := serveArithmetic(t, arithmetic{count: func(ctx context.Context, _ int) (iter.Seq2[int, error], error) {
		<-release
		return nil, ctx.Err()
	}})
	defer close(release)
	call := retry.New(retry.Config{Streams: true, Attempts: 1, AttemptTimeout: 20 * time.Millisecond})(lb.Endpoint(lb.NewRoundRobin(c.pool)))
	if _, err := call(t.Context(), counting(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// TestWhoReadsLateIsToldWhatCouldNotBeSent, and not that somebody cancelled.
func TestWhoReadsLateIsToldWhatCouldNotBeSent(t *testing.T) {
	left := make(chan struct{})
	c, _ := serveArithmetic(t, arithmetic{each: func(ctx context.Context, _ iter.Seq[int]) (iter.Seq2[int, error], error) {
		return func(yield func(int, error) bool) {
			defer close(left)
			yield(1, nil)
			<-ctx.Done()
		}, nil
	}})
	opened := make(chan struct{})
	s, err := c.each(t.Context(), func(yield func(int) bool) { <-opened; yield(13) })
	if err != nil {
		t.Fatal(err)
	}
	var told error
	s.OnEnd(func(err error) { told = err })
	close(opened)
	<-left
	if _, err := read(s.All(), 0); !errors.Is(err, errOdd) || !errors.Is(told, errOdd) {
		t.Errorf("read %v, told of %v, want %v", err, told, errOdd)
	}
	if c.busy() != 0 {
		t.Errorf("%d calls are in flight", c.busy())
	}
}
