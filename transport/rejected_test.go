package transport_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitratelimit "github.com/go-kit/kit/ratelimit"
	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/bulkhead"
	"github.com/kitgen/kitgen/middleware/fallback"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/ratelimit"
	"github.com/kitgen/kitgen/middleware/recovery"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/throttle"
	"github.com/kitgen/kitgen/middleware/timeout"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func succeeding(context.Context, any) (any, error) { return nil, nil }

func failing(err error) endpoint.Endpoint {
	return func(context.Context, any) (any, error) { return nil, err }
}

// again is the error of the nth call through mw.
func again(ctx context.Context, n int, mw endpoint.Middleware, e endpoint.Endpoint) (err error) {
	call := mw(e)
	for range n {
		_, err = call(ctx, nil)
	}
	return err
}

// within is the error of a call through mw that is made during another one.
func within(ctx context.Context, mw endpoint.Middleware) (err error) {
	var call endpoint.Endpoint
	call = mw(func(ctx context.Context, outer any) (any, error) {
		if outer == true {
			_, err = call(ctx, false)
		}
		return nil, nil
	})
	_, _ = call(ctx, true)
	return err
}

// known verifies everybody, or nobody.
func known(err error) auth.Verifier {
	return func(context.Context, auth.Credentials) (*auth.Principal, error) {
		if err != nil {
			return nil, err
		}
		return &auth.Principal{ID: "ann"}, nil
	}
}

// elsewhere is a limiter over gRPC whose service does not know the method.
type elsewhere struct{}

func (elsewhere) Allow(context.Context, string) (ratelimit.Verdict, error) {
	return ratelimit.Verdict{}, status.Error(codes.Unimplemented, "unknown method Allow")
}

// answer is how a rejection goes out on either wire.
type answer struct {
	Status     int
	Code       string
	GRPC       codes.Code
	Pushback   string // Kit-Retry-Pushback-Ms
	RetryAfter string
	Challenge  string // WWW-Authenticate
}

// TestRejectionsGoOutAsWhatTheyAre: for go-kit's encoders, each of them is a
// 500 or Unknown.
func TestRejectionsGoOutAsWhatTheyAre(t *testing.T) {
	busy := failing(&transport.Error{Status: 503})
	for name, tt := range map[string]struct {
		reject func(ctx context.Context) error
		want   answer
	}{
		"throttle": {func(ctx context.Context) (err error) {
			mw := throttle.New(throttle.Config{})
			for !errors.Is(err, throttle.ErrThrottled) { // by chance
				err = again(ctx, 1, mw, busy)
			}
			return err
		}, answer{503, "unavailable", codes.Unavailable, "", "", ""}},
		"bulkhead": {func(ctx context.Context) error {
			return within(ctx, bulkhead.New(bulkhead.Config{MaxInFlight: 1, MaxQueue: -1}))
		}, answer{503, "unavailable", codes.Unavailable, "", "", ""}},
		"limit of an instance": {func(ctx context.Context) error {
			mw, _ := limit.Each(limit.Config{Initial: 1, Max: 1})("a:1")
			return within(ctx, mw)
		}, answer{429, "resource_exhausted", codes.ResourceExhausted, "", "", ""}},
		"rate limit": {func(ctx context.Context) error {
			return again(ctx, 2, ratelimit.New(ratelimit.Config{Rate: 0.4}), succeeding)
		}, answer{429, "resource_exhausted", codes.ResourceExhausted, "2500", "3", ""}},
		"rate limit of go-kit's": {func(ctx context.Context) error {
			return again(ctx, 1, ratelimit.New(ratelimit.Config{Allower: kitratelimit.AllowerFunc(func() bool { return false })}), succeeding)
		}, answer{429, "resource_exhausted", codes.ResourceExhausted, "", "", ""}},
		"go-kit's own rate limit": {func(ctx context.Context) error {
			return again(ctx, 1, kitratelimit.NewErroringLimiter(kitratelimit.AllowerFunc(func() bool { return false })), succeeding)
		}, answer{429, "resource_exhausted", codes.ResourceExhausted, "", "", ""}},
		"too late": {func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return again(ctx, 1, timeout.New(timeout.Config{Least: 2 * time.Second}), succeeding)
		}, answer{504, "deadline_exceeded", codes.DeadlineExceeded, "", "", ""}},
		"timed out": {func(ctx context.Context) error {
			return again(ctx, 1, timeout.New(timeout.Config{Timeout: time.Second}), func(ctx context.Context, _ any) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
		}, answer{504, "deadline_exceeded", codes.DeadlineExceeded, "", "", ""}},
		"timed out, and its call says otherwise": {func(ctx context.Context) error {
			return again(ctx, 1, timeout.New(timeout.Config{Timeout: time.Second}), func(ctx context.Context, _ any) (any, error) {
				<-ctx.Done()
				return nil, errors.Join(&transport.Error{Status: 500, Code: "db_down"}, status.Error(codes.Aborted, "rolled back"))
			})
		}, answer{504, "deadline_exceeded", codes.DeadlineExceeded, "", "", ""}},
		"a shared rate limit that is out of reach": {func(ctx context.Context) error {
			return again(ctx, 1, ratelimit.New(ratelimit.Config{FailClosed: true, Limiter: elsewhere{}}), succeeding)
		}, answer{503, "unavailable", codes.Unavailable, "", "", ""}},
		"attempts that ended differently, the last one here": {func(context.Context) error {
			return errors.Join(&limit.ExceededError{Instance: "a:1"}, &transport.Error{Status: 500}, status.Error(codes.Internal, "bug"))
		}, answer{429, "resource_exhausted", codes.ResourceExhausted, "", "", ""}},
		"panic": {func(ctx context.Context) error {
			return again(ctx, 1, recovery.New(recovery.Config{Logger: log.NewNopLogger()}), func(context.Context, any) (any, error) { panic("secret") })
		}, answer{500, "internal", codes.Internal, "", "", ""}},
		"open circuit": {func(ctx context.Context) error {
			mw, _ := breaker.Each(breaker.Config{Consecutive: 1})("a:1")
			_ = again(ctx, 1, mw, busy)
			time.Sleep(time.Millisecond)
			err := again(ctx, 1, mw, busy)
			open, ok := errors.AsType[*breaker.OpenError](err)
			if !ok {
				return err
			}
			time.Sleep(time.Until(open.Until) - 1500*time.Millisecond) // how long it is open is jittered
			return err
		}, answer{503, "unavailable", codes.Unavailable, "1500", "2", ""}},
		"given up": {func(ctx context.Context) error {
			return again(ctx, 1, retry.New(retry.Config{Idempotent: true}), busy)
		}, answer{503, "unavailable", codes.Unavailable, "-1", "", ""}},
		"fallback failed, too": {func(ctx context.Context) error {
			return again(ctx, 1, fallback.New(fallback.Config{Fallback: func(context.Context, any, error) (any, error) {
				return nil, &transport.Error{Status: 404}
			}}), busy)
		}, answer{503, "unavailable", codes.Unavailable, "", "", ""}},
		"nobody known": {func(ctx context.Context) error {
			missing := &auth.Error{Kind: auth.ErrMissing}
			return again(ctx, 1, auth.New(auth.Config{Verifiers: []auth.Verifier{known(missing)}, Challenge: `Bearer realm="orders"`}), succeeding)
		}, answer{401, "unauthenticated", codes.Unauthenticated, "", "", `Bearer realm="orders"`}},
		"nobody can tell": {func(ctx context.Context) error {
			return again(ctx, 1, auth.New(auth.Config{Verifiers: []auth.Verifier{known(&transport.Error{Status: 404})}}), succeeding)
		}, answer{503, "unavailable", codes.Unavailable, "", "", ""}},
		"not allowed": {func(ctx context.Context) error {
			mw := endpoint.Chain(auth.New(auth.Config{Verifiers: []auth.Verifier{known(nil)}}), auth.RequireScopes("write"))
			return again(ctx, 1, mw, succeeding)
		}, answer{403, "permission_denied", codes.PermissionDenied, "", "", ""}},
	} {
		synctest.Test(t, func(t *testing.T) {
			err := tt.reject(t.Context())
			w := httptest.NewRecorder()
			kithttp.EncodeError(t.Context(), err, w)
			st := kitgrpc.ToStatus(err)
			h := w.Header()
			got := answer{w.Code, transport.ErrorOf(err).Code, st.Code(), h.Get("Kit-Retry-Pushback-Ms"), h.Get("Retry-After"), h.Get("WWW-Authenticate")}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
			// As the client of either wire sees it; Message is whatever it is.
			e, ok := errors.AsType[*transport.Error](kitgrpc.FromError(st.Err()))
			if !ok || e.Status != tt.want.Status || e.Code != tt.want.Code || e.Message == "" {
				t.Errorf("%s: over gRPC it is %+v", name, e)
			}
		})
	}
}
