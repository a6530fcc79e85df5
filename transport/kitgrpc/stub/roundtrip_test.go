package stub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// stack is a client's policies, which the test closes.
func stack(t testing.TB, cfg middleware.ClientConfig) func(name string) endpoint.Middleware {
	t.Helper()
	s, err := middleware.Client(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Method
}

// TestRetriesOfTheStack go elsewhere, and the caller gets the answer that came, with
// what its options asked for.
func TestRetriesOfTheStack(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 2)
	cc := dial(t, "static:///"+addrs(all...), stub.Config{
		Balancer: "random",
		Methods:  stack(t, middleware.ClientConfig{Retry: retry.Config{Idempotent: true, Unbounded: true}}),
	})
	reach(t, cc, all...)
	all[0].answers(func(context.Context, string) (string, error) { return "", status.Error(codes.Unavailable, "broken") })
	all[1].answers(func(ctx context.Context, _ string) (string, error) {
		_ = grpc.SetHeader(ctx, metadata.Pairs("from", "header"))
		_ = grpc.SetTrailer(ctx, metadata.Pairs("from", "trailer"))
		return all[1].addr, nil
	})
	for range 50 {
		var (
			header, trailer metadata.MD
			where           peer.Peer
		)
		out := wrapperspb.String("what was in it before")
		err := cc.Invoke(t.Context(), say, wrapperspb.String("hello"), out, grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&where))
		if err != nil || out.Value != all[1].addr {
			t.Fatalf("%v, %v", out, err)
		}
		if strings.Join(header["from"], " ") != "header" || strings.Join(trailer["from"], " ") != "trailer" || peerOf(&where) != all[1].addr {
			t.Fatalf("header %v, trailer %v, peer %v", header, trailer, where)
		}
	}
}

// TestErrorOfTheStack comes with what its last attempt got.
func TestErrorOfTheStack(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	b.answers(func(ctx context.Context, _ string) (string, error) {
		_ = grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "-1", "from", "trailer"))
		return "", status.Error(codes.Unavailable, "not now")
	})
	cc := dial(t, "static:///"+b.addr, stub.Config{Methods: stack(t, middleware.ClientConfig{Retry: retry.Config{Idempotent: true}})})
	var trailer metadata.MD
	_, err := ask(t.Context(), cc, grpc.WaitForReady(true), grpc.Trailer(&trailer))
	if status.Code(err) != codes.Unavailable || strings.Join(trailer["from"], " ") != "trailer" {
		t.Errorf("error %v, trailer %v", err, trailer)
	}
	if after, told := classify.Pushback(err); !told || after >= 0 {
		t.Errorf("%v says %v, %v of coming again", err, after, told)
	}
	if n := b.calls.Load(); n != 1 {
		t.Errorf("it was called %d times, and had said never again", n)
	}
}

// TestHedging has two attempts under way at a time, of which either may win. The race
// detector watches what they share.
func TestHedging(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 3)
	var calls atomic.Int64
	for _, b := range all {
		b.answers(func(ctx context.Context, _ string) (string, error) {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("who", b.addr))
			if calls.Add(1)%2 == 0 { // this one loses, if it waits for that
				select {
				case <-ctx.Done():
					return "", ctx.Err()
				case <-time.After(time.Millisecond):
				}
			}
			return b.addr, nil
		})
	}
	hedge := retry.Config{Idempotent: true, Unbounded: true, Hedge: &retry.HedgeConfig{Percentile: 0.01, Floor: time.Microsecond, MaxShare: 1}}
	for name, around := range map[string]func(string) endpoint.Middleware{
		"ours":   stack(t, middleware.ClientConfig{Retry: hedge}),
		"always": func(string) endpoint.Middleware { return twice },
	} {
		cc := dial(t, "static:///"+addrs(all...), stub.Config{Balancer: "random", Methods: around})
		reach(t, cc, all...)
		for range 100 {
			var (
				trailer metadata.MD
				where   peer.Peer
			)
			who, err := ask(t.Context(), cc, grpc.Trailer(&trailer), grpc.Peer(&where))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := strings.Join(trailer["who"], " "); got != who || peerOf(&where) != who {
				t.Fatalf("%s: the answer is %s's, the trailer %s's and the peer %v", name, got, who, where)
			}
		}
	}
}

// twice makes two attempts at a time, returns the answer of the first that has one,
// and leaves the other behind.
func twice(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (any, error) {
		type result struct {
			response any
			err      error
		}
		results := make(chan result, 2)
		for range 2 {
			go func() {
				response, err := next(ctx, request)
				results <- result{response, err}
			}()
		}
		r := <-results
		return r.response, r.err
	}
}

// TestAnswersAreTheCallersOwn: what a middleware keeps does not change with what
// callers do to their replies.
func TestAnswersAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	var kept any
	cc := dial(t, "static:///"+b.addr, stub.Config{Methods: func(name string) endpoint.Middleware {
		if name != "Say" {
			t.Errorf("the method is %q", name)
		}
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			return func(ctx context.Context, request any) (any, error) {
				if got := request.(*wrapperspb.StringValue).Value; got != "hello" {
					t.Errorf("request %q", got)
				}
				if kept != nil {
					return kept, nil
				}
				var err error
				kept, err = next(ctx, request)
				return kept, err
			}
		}
	}})
	for range 2 {
		out := new(wrapperspb.StringValue)
		if err := cc.Invoke(t.Context(), say, wrapperspb.String("hello"), out, grpc.WaitForReady(true)); err != nil || out.Value != b.addr {
			t.Fatalf("%v, %v", out, err)
		}
		out.Value = "spoilt"
	}
	if n := b.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestStrangeAnswers are errors, and not panics.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	var answer any
	cc := dial(t, "static:///"+b.addr, stub.Config{Methods: func(string) endpoint.Middleware {
		return func(endpoint.Endpoint) endpoint.Endpoint {
			return func(context.Context, any) (any, error) { return answer, nil }
		}
	}})
	for _, answer = range []any{nil, "text", (*wrapperspb.StringValue)(nil), wrapperspb.Bool(true)} {
		if _, err := ask(t.Context(), cc); err == nil || !strings.Contains(err.Error(), "want a *wrapperspb.StringValue") {
			t.Errorf("%v: error %v", answer, err)
		}
	}
	if err := cc.Invoke(t.Context(), say, wrapperspb.String(""), wrapperspb.StringValue{}); err == nil || !strings.Contains(err.Error(), "pass a pointer") {
		t.Errorf("error %v", err)
	}
}

// plainCodec is one whose messages are pointers to strings.
type plainCodec struct{}

func (plainCodec) Marshal(v any) (mem.BufferSlice, error) {
	s, ok := v.(*string)
	if !ok {
		return nil, fmt.Errorf("a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*s)}, nil
}

func (plainCodec) Unmarshal(data mem.BufferSlice, v any) error {
	s, ok := v.(*string)
	if !ok {
		return fmt.Errorf("a %T", v)
	}
	*s = string(data.Materialize())
	return nil
}

func (plainCodec) Name() string { return "plain" }

var _ encoding.CodecV2 = plainCodec{}

// TestOtherCodecs: messages need not be protobuf's.
func TestOtherCodecs(t *testing.T) {
	t.Parallel()
	b := &backend{}
	plain := serve(t, "127.0.0.1:0", grpc.ForceServerCodecV2(plainCodec{}), grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		in := new(string)
		if err := s.RecvMsg(in); err != nil {
			return err
		}
		if b.calls.Add(1) == 1 {
			return status.Error(codes.Unavailable, "once")
		}
		out := strings.ToUpper(*in)
		return s.SendMsg(&out)
	}))
	cc := dial(t, "static:///"+plain.addr, stub.Config{Methods: stack(t, middleware.ClientConfig{Retry: retry.Config{Idempotent: true}})},
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(plainCodec{})))
	in, out := "hello", ""
	if err := cc.Invoke(t.Context(), "/plain/Upper", &in, &out, grpc.WaitForReady(true)); err != nil || out != "HELLO" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestCausesOfErrors: who asks for context.DeadlineExceeded finds it.
func TestCausesOfErrors(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	b.answers(func(ctx context.Context, _ string) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	})
	cc := dial(t, "static:///"+b.addr, stub.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ask(ctx, cc, grpc.WaitForReady(true)); !errors.Is(err, context.DeadlineExceeded) || status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("error %v", err)
	}
}
