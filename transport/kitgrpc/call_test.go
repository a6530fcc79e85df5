package kitgrpc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// busy is an error as a policy has it: it knows when to come again.
type busy struct {
	after time.Duration
	known bool
}

func (busy) Error() string                                { return "busy" }
func (busy) StatusCode() int                              { return 429 }
func (b busy) RetryAfter() (after time.Duration, ok bool) { return b.after, b.known }

// wires are the ways to serve an endpoint from string to string, and to call it.
var wires = map[string]func(*testing.T, endpoint.Endpoint) endpoint.Endpoint{
	"gRPC": func(t *testing.T, e endpoint.Endpoint) endpoint.Endpoint {
		return dial(t, start(t, func(ctx context.Context, text string) (string, error) {
			out, err := e(ctx, text)
			if err != nil {
				return "", err
			}
			return out.(string), nil
		}))
	},
	"HTTP": func(t *testing.T, e endpoint.Endpoint) endpoint.Endpoint {
		l := listen(t)
		serve(t, kithttp.Server(l, kithttp.NewServer(e, kithttp.DecodeJSON[string]), kithttp.Config{}), transport.Config{Propagation: -1})
		call, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
			return kithttp.NewEndpoint[string](c, "POST", base, "/")
		}, kithttp.ClientConfig{})(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = closer.Close() })
		return call
	},
}

// TestWhatPassesThroughAService: a call tells the last service on its way what
// the first one knew of its attempts, and the first is told what the last one
// said about coming again.
func TestWhatPassesThroughAService(t *testing.T) {
	for front, serveFront := range wires {
		for back, serveBack := range wires {
			for _, said := range []busy{{1500 * time.Millisecond, true}, {-1, true}, {}} {
				name := fmt.Sprintf("%s, then %s, %v", front, back, said.after)
				var seen attempt.Chain
				var limited bool
				last := serveBack(t, func(ctx context.Context, _ any) (any, error) {
					seen, _ = attempt.Incoming(ctx)
					_, limited = ctx.Deadline()
					return nil, fmt.Errorf("last: %w", said)
				})
				first := serveFront(t, func(ctx context.Context, request any) (any, error) {
					_, err := last(ctx, request)
					return nil, fmt.Errorf("first: %w", err)
				})
				ctx := attempt.StartWith(t.Context(), attempt.Options{Timeout: time.Hour}).NextWith(attempt.Options{Timeout: time.Hour, Left: 1})
				_, err := first(ctx, "")
				ctx.End()

				want := said.after
				if want < 0 {
					want = -time.Millisecond
				}
				if after, ok := classify.Pushback(err); after != want || ok != said.known {
					t.Errorf("%s: pushed back %v %t by %v", name, after, ok, err)
				}
				if got := transport.ErrorOf(err); got.Status != 429 || got.Code != "resource_exhausted" {
					t.Errorf("%s: %+v", name, got)
				}
				if seen != (attempt.Chain{Number: 2, Left: 1}) || !limited {
					t.Errorf("%s: the last service saw %v, a deadline: %t", name, seen, limited)
				}
			}
		}
	}
}

// TestStreamsTellOfTheAttempt, and push back.
func TestStreamsTellOfTheAttempt(t *testing.T) {
	var seen attempt.Chain
	addr := start(t, func(ctx context.Context, _ string) (string, error) {
		seen, _ = attempt.Incoming(ctx)
		return "", busy{time.Second, true}
	})
	connect(t, addr, func(cc *grpc.ClientConn) {
		s, err := cc.NewStream(attempt.StartWith(t.Context(), attempt.Options{Left: 1}), &listenDesc, listenName)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SendMsg(wrapperspb.String("")); err != nil {
			t.Fatal(err)
		}
		_ = s.CloseSend()
		err = s.RecvMsg(new(wrapperspb.StringValue))
		if after, ok := classify.Pushback(err); after != time.Second || !ok {
			t.Errorf("pushed back %v %t by %v", after, ok, err)
		}
		if got := s.Trailer().Get("grpc-retry-pushback-ms"); len(got) != 1 || got[0] != "1000" {
			t.Errorf("the trailer is %v", s.Trailer())
		}
	})
	if seen != (attempt.Chain{Number: 1, Left: 1}) {
		t.Errorf("the server saw %v", seen)
	}
}

func TestWhatServersBelieve(t *testing.T) {
	var seen attempt.Chain
	var known bool
	call := dial(t, start(t, func(ctx context.Context, _ string) (string, error) {
		seen, known = attempt.Incoming(ctx)
		return "", nil
	}))
	for name, tt := range map[string]struct {
		ctx   context.Context
		want  attempt.Chain
		known bool
	}{
		"nothing": {t.Context(), attempt.Chain{}, false},
		"garbage": {metadata.AppendToOutgoingContext(t.Context(), "kit-attempt", "n=soon"), attempt.Chain{}, false},
		"beside other metadata": {attempt.WithIncoming(metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00"), attempt.Chain{Number: 1, Left: 1}),
			attempt.Chain{Number: 1, Left: 1}, true},
	} {
		if _, err := call(tt.ctx, ""); err != nil || seen != tt.want || known != tt.known {
			t.Errorf("%s: %v %t, %v", name, seen, known, err)
		}
	}
}

// TestPushbackOfServersThatAreNotOurs is read as grpc's own retry reads it.
func TestPushbackOfServersThatAreNotOurs(t *testing.T) {
	const never = -time.Millisecond
	for name, tt := range map[string]struct {
		said  []string
		after time.Duration
		ok    bool
	}{
		"silent":  {nil, 0, false},
		"at once": {[]string{"0"}, 0, true},
		"later":   {[]string{"2500"}, 2500 * time.Millisecond, true},
		"never":   {[]string{"-1"}, never, true},
		"garbage": {[]string{"soon"}, never, true},
		"twice":   {[]string{"1", "2"}, never, true},
		"absurd":  {[]string{"99999999999999999999"}, 24 * time.Hour, true},
	} {
		call := dial(t, start(t, func(ctx context.Context, _ string) (string, error) {
			_ = grpc.SetTrailer(ctx, metadata.MD{"grpc-retry-pushback-ms": tt.said})
			return "", &transport.Error{Status: 503}
		}))
		_, err := call(t.Context(), "")
		if after, ok := classify.Pushback(err); after != tt.after || ok != tt.ok {
			t.Errorf("%s: %v %t, want %v %t (%v)", name, after, ok, tt.after, tt.ok, err)
		}
	}
}

// TestGRPCsOwnRetryIsPushedBack: the trailer is the standard's, so that clients
// that know nothing of kitgen heed it.
func TestGRPCsOwnRetryIsPushedBack(t *testing.T) {
	policy := grpc.WithDefaultServiceConfig(`{"methodConfig":[{"name":[{}],"retryPolicy":{
		"maxAttempts":3,"initialBackoff":"3600s","maxBackoff":"3600s","backoffMultiplier":1,"retryableStatusCodes":["RESOURCE_EXHAUSTED"]}}]}`)
	for name, tt := range map[string]struct {
		said  busy
		calls int
	}{
		"come again at once": {busy{0, true}, 3}, // and not in an hour
		"never":              {busy{-1, true}, 1},
	} {
		calls := 0
		addr := start(t, func(context.Context, string) (string, error) { calls++; return "", tt.said })
		_, err := dial(t, addr, policy)(t.Context(), "")
		if e := kitgrpc.FromError(err); calls != tt.calls || e == nil {
			t.Errorf("%s: %d calls, want %d (%v)", name, calls, tt.calls, err)
		}
	}
}
