package retry_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	kithttp "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/retry"
)

// hang waits for its context, as a transport does.
func hang(ctx context.Context, _ any) (any, error) {
	<-ctx.Done()
	return nil, &url.Error{Op: "Post", URL: "http://a", Err: context.Cause(ctx)}
}

// TestR4_DeadlineKeepsItsCauses: go-kit returns the bare context error.
func TestR4_DeadlineKeepsItsCauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		n := 0
		_, err := retry.New(retry.Config{Idempotent: true, AttemptTimeout: time.Second, Attempts: 9})(
			func(ctx context.Context, request any) (any, error) {
				if n++; n == 1 {
					return nil, statusError(503)
				}
				return hang(ctx, request)
			})(ctx, nil)
		if ctx.Err() == nil {
			t.Error("gave up before the deadline")
		}
		for _, want := range []error{context.DeadlineExceeded, statusError(503), attempt.ErrTimeout} {
			if !errors.Is(err, want) {
				t.Errorf("%v does not match %v", err, want)
			}
		}
		if errors.Is(err, context.Canceled) {
			t.Errorf("%v matches context.Canceled", err)
		}
	})
}

func TestAttemptTimeoutIsNotTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := retry.New(retry.Config{})(hang)(t.Context(), nil)
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("took %v, want the default of one attempt", d)
		}
		if !errors.Is(err, attempt.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v does not say that the attempt timed out", err)
		}
	})
}

func TestCancelStopsAtOnce(t *testing.T) {
	reason := errors.New("user closed the window")
	for name, endpoint := range map[string]func(context.Context, any) (any, error){
		"in an attempt": hang,
		"in an attempt that says otherwise": func(ctx context.Context, _ any) (any, error) {
			<-ctx.Done()
			return nil, statusError(499) // as a gRPC status would
		},
		"in a pause": func(context.Context, any) (any, error) { return nil, statusError(503) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				start := time.Now()
				time.AfterFunc(500*time.Millisecond, func() { cancel(reason) })
				cfg := retry.Config{Idempotent: true, Attempts: 1 << 20, MinBackoff: time.Second, MaxBackoff: time.Hour}
				calls := 0
				_, err := retry.New(cfg)(func(ctx context.Context, request any) (any, error) {
					if ctx.Err() != nil {
						t.Error("an attempt was started after the cancel")
					}
					calls++
					return endpoint(ctx, request)
				})(ctx, nil)
				if d := time.Since(start); d != 500*time.Millisecond {
					t.Errorf("returned after %v, cancelled after 500ms", d)
				}
				if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
					t.Errorf("%v does not match both context.Canceled and the caller's reason", err)
				}
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v matches a deadline", err)
				}
			})
		})
	}
}

func TestNoPauseBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		cfg := retry.Config{Idempotent: true, MinBackoff: 1000 * time.Hour, MaxBackoff: 1000 * time.Hour}
		_, err := retry.New(cfg)((&script{errs: []error{statusError(503)}}).endpoint)(ctx, nil)
		if d := time.Since(start); d != 0 { // but for one chance in 3.6e12
			t.Errorf("waited %v for a pause that ends after the deadline", d)
		}
		e, ok := err.(*retry.Error)
		if !ok || e.Attempts != 1 || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, statusError(503)) {
			t.Errorf("%v (%[1]T) does not name both the deadline and the cause", err)
		}
	})
}

// TestPauses checks the bounds of the jitter: never more than doubles, and
// nothing before the first pick that was not sent.
func TestPauses(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		most []time.Duration
	}{
		{"failed", statusError(503), []time.Duration{100, 200, 400, 500, 500, 500}},
		{"not sent", notSent{}, []time.Duration{0, 100, 200, 400, 500, 500}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				longest := make([]time.Duration, len(tt.most))
				for range 200 {
					n, last := 0, time.Now()
					_, _ = retry.New(retry.Config{
						Idempotent: true, Attempts: len(tt.most) + 1,
						MinBackoff: 100 * time.Millisecond, MaxBackoff: 500 * time.Millisecond,
						OnRetry: func(context.Context, int, error) {
							longest[n] = max(longest[n], time.Since(last))
							n, last = n+1, time.Now()
						},
					})((&script{errs: []error{tt.err}}).endpoint)(t.Context(), nil)
				}
				for i, got := range longest {
					most := tt.most[i] * time.Millisecond
					if got > most || got < most*3/4 { // 200 draws all below: 1e-25
						t.Errorf("pause %d is up to %v, want nearly %v", i+1, got, most)
					}
				}
			})
		})
	}
}

// TestR8_StreamedBody: go-kit's cuts it off, as an attempt timeout must.
func TestR8_StreamedBody(t *testing.T) {
	const size = 1 << 20
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	call := kithttp.NewClient(http.MethodGet, target,
		func(context.Context, *http.Request, any) error { return nil },
		func(_ context.Context, r *http.Response) (any, error) { return r.Body, nil },
		kithttp.BufferedStream(true)).Endpoint()

	response, err := retry.New(retry.Config{AttemptTimeout: -1})(call)(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	body := response.(io.ReadCloser)
	defer body.Close()
	if n, err := io.Copy(io.Discard, body); n != size || err != nil {
		t.Errorf("%d bytes, %v; want %d", n, err, size)
	}
}

func TestTheLongestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ever = time.Duration(math.MaxInt64)
		for name, cfg := range map[string]retry.Config{
			"backoff":  {MinBackoff: ever, MaxBackoff: ever},
			"pushback": {MaxPushback: ever},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			s := &script{errs: []error{told{503, ever}}}
			if name == "backoff" {
				s.errs = []error{statusError(503)}
			}
			cfg.Idempotent = true
			if _, err := retry.New(cfg)(s.endpoint)(ctx, nil); s.calls != 1 || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %d attempts, %v", name, s.calls, err)
			}
			cancel()
		}
	})
}
