package kithttp_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kittransport "github.com/go-kit/kit/transport"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

type counted struct {
	N int `json:"n"`
}

var errOdd = &transport.Error{Status: 409, Code: "odd", Message: "it is odd"}

// counting answers 1, 2, … to most, and then err. left gets why it stopped.
func counting(most int, err error, left chan<- error) endpoint.Endpoint {
	return func(ctx context.Context, _ any) (any, error) {
		return transport.NewStream(ctx, func(yield func(counted, error) bool) {
			defer func() { left <- context.Cause(ctx) }()
			for n := 1; n <= most; n++ {
				if !yield(counted{n}, nil) {
					return
				}
			}
			if err != nil {
				yield(counted{}, err)
			}
		}), nil
	}
}

func lines(e endpoint.Endpoint, opts ...httptransport.ServerOption) http.Handler {
	return kithttp.NewLinesServer[counted](e, kithttp.DecodeJSON[sumRequest], opts...)
}

// whole is a client of addr with a balancer and retries.
func whole(t *testing.T, addr string, newEndpoint func(*url.URL, *http.Client) endpoint.Endpoint) (endpoint.Endpoint, *lb.Pool) {
	t.Helper()
	pool := lb.NewPool(kitsd.FixedInstancer{addr}, kithttp.Factory(newEndpoint, kithttp.ClientConfig{}), lb.PoolConfig{})
	t.Cleanup(func() { _ = pool.Close() })
	if err := pool.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return retry.New(retry.Config{Idempotent: true, Streams: true})(lb.Endpoint(lb.NewRoundRobin(pool))), pool
}

func newLines(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewLinesEndpoint[counted](c, "POST", base, "/")
}

// serveWhole serves h as a process does.
func serveWhole(t *testing.T, h http.Handler) (addr string, p *serving) {
	t.Helper()
	l := listen(t)
	p = serve(t, kithttp.Server(l, h, kithttp.Config{StreamGrace: -1}), transport.Config{Propagation: -1})
	return l.Addr().String(), p
}

func read(seq iter.Seq2[counted, error], last int) (got []int, err error) {
	for v, err := range seq {
		if err != nil {
			return got, err
		}
		if got = append(got, v.N); v.N == last {
			break
		}
	}
	return got, nil
}

func TestLinesOnTheWire(t *testing.T) {
	left := make(chan error, 1)
	resp := post(lines(counting(2, errOdd, left)), "{}")
	want := `{"n":1}
{"n":2}
{"error":{"type":"about:blank","title":"Conflict","status":409,"detail":"it is odd","code":"odd"}}
`
	if got := bodyOf(t, resp); got != want || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%d %v\n%s", resp.StatusCode, resp.Header, got)
	}
	for name, e := range map[string]endpoint.Endpoint{
		"turned down":  returning(nil, errOdd),
		"not a stream": returning(counted{}, nil),
	} {
		if resp := post(lines(e), "{}"); resp.StatusCode < 400 || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v", name, resp.StatusCode, resp.Header)
		}
	}
}

// TestLines are read to the end, or fail, or are left, and count as in flight until
// then; the server's sequence is over then, too.
func TestLines(t *testing.T) {
	for name, tt := range map[string]struct {
		most, last int
		want       []int
		err        error
	}{
		"read":       {2, 0, []int{1, 2}, nil},
		"failed":     {3, 0, []int{1, 2, 3}, errOdd},
		"left":       {1 << 30, 2, []int{1, 2}, nil},
		"nothing":    {0, 0, nil, nil},
		"just wrong": {0, 0, nil, errOdd},
	} {
		t.Run(name, func(t *testing.T) {
			left := make(chan error, 1)
			addr, _ := serveWhole(t, lines(counting(tt.most, tt.err, left)))
			call, pool := whole(t, addr, newLines)
			response, err := call(t.Context(), sumRequest{})
			if err != nil {
				t.Fatal(err)
			}
			if busy := pool.Nodes()[0].InFlight; busy != 1 {
				t.Errorf("an open stream makes %d calls in flight", busy)
			}
			got, err := read(response.(*transport.Stream[counted]).All(), tt.last)
			if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
				t.Errorf("read %v, %v, want %v, %v", got, err, tt.want, tt.err)
			}
			if busy := pool.Nodes()[0].InFlight; busy != 0 {
				t.Errorf("one that has ended, %d", busy)
			}
			<-left
		})
	}
}

func TestLinesThatNobodyReadsEndWithTheirContext(t *testing.T) {
	left, gone := make(chan error, 1), make(chan struct{})
	addr, _ := serveWhole(t, lines(func(ctx context.Context, request any) (any, error) {
		context.AfterFunc(ctx, func() { close(gone) }) // the sequence may not even have begun
		return counting(1<<30, nil, left)(ctx, request)
	}))
	call, _ := whole(t, addr, newLines)
	ctx, cancel := context.WithCancel(t.Context())
	response, err := call(ctx, sumRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s := response.(*transport.Stream[counted])
	ended := make(chan struct{})
	s.OnEnd(func(error) { close(ended) })
	cancel()
	<-ended
	<-gone
	if _, err := read(s.All(), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("read late: %v", err)
	}
}

// TestLinesOfAServerThatStops never look complete, and may be asked for again.
func TestLinesOfAServerThatStops(t *testing.T) {
	left := make(chan error, 1)
	addr, p := serveWhole(t, lines(func(ctx context.Context, _ any) (any, error) {
		return transport.NewStream(ctx, func(yield func(counted, error) bool) {
			yield(counted{1}, nil)
			<-ctx.Done()
			left <- context.Cause(ctx)
			yield(counted{}, ctx.Err())
		}), nil
	}))
	call, _ := whole(t, addr, newLines)
	response, err := call(t.Context(), sumRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for v, failed := range response.(*transport.Stream[counted]).All() {
		if v.N == 1 {
			p.stop()
		}
		err = failed
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) || classify.Default(t.Context(), nil, err) != classify.Failure {
		t.Errorf("ended with %v", err)
	}
	if cause := <-left; !errors.Is(cause, transport.ErrStopping) {
		t.Errorf("the service saw %v", cause)
	}
}

// TestLinesThatPanic are told of as a failure of the server's, here and there.
func TestLinesThatPanic(t *testing.T) {
	var handled error
	h := lines(func(ctx context.Context, _ any) (any, error) {
		return transport.NewStream(ctx, func(yield func(counted, error) bool) {
			yield(counted{1}, nil)
			panic("boom")
		}), nil
	}, httptransport.ServerErrorHandler(kittransport.ErrorHandlerFunc(func(_ context.Context, err error) { handled = err })))
	body := bodyOf(t, post(h, "{}"))
	if !strings.HasPrefix(body, "{\"n\":1}\n{\"error\":{") || !strings.HasSuffix(body, "\"code\":\"internal\"}}\n") || strings.Contains(body, "boom") {
		t.Errorf("%s", body)
	}
	if handled == nil || !strings.Contains(handled.Error(), "boom") {
		t.Errorf("handled %v", handled)
	}
}

// TestLinesOfOthers: what is no line, and what is too long for one.
func TestLinesOfOthers(t *testing.T) {
	long := `{"n":2,"x":"` + strings.Repeat("x", 64<<10) + `"}`
	for body, want := range map[string]struct {
		values []int
		err    string
	}{
		"{\"n\":1}\r\n\n" + long + "\n{\"n\":3}": {[]int{1, 2, 3}, ""},
		"{\"n\":1}\n{":                           {[]int{1}, "decode response"},
		"{\"n\":1,\"why\":\"error\"}\n":          {[]int{1}, ""},
		`{"n":"` + strings.Repeat("x", 5<<20):    {nil, "too large"},
		"{ \"error\" : {\"status\":404} }\n":     {nil, "Not Found"},
		"{\"error\":{\"code\":\"odd\"}}\n{\"n\"": {nil, ""},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		call, _ := whole(t, s.Listener.Addr().String(), newLines)
		response, err := call(t.Context(), sumRequest{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(response.(*transport.Stream[counted]).All(), 0)
		name := body[:min(len(body), 40)]
		switch {
		case strings.Contains(body, "odd"):
			if !errors.Is(err, errOdd) {
				t.Errorf("%s: %v", name, err)
			}
		case want.err == "" && err != nil, want.err != "" && (err == nil || !strings.Contains(err.Error(), want.err)):
			t.Errorf("%s: %v, want %q", name, err, want.err)
		}
		if !slices.Equal(got, want.values) {
			t.Errorf("%s: %v", name, got)
		}
		s.Close()
	}
}

// TestLinesFromARoute: a stream may have values in its URL.
func TestLinesFromARoute(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /from/{n}", kithttp.NewLinesServer[counted](func(ctx context.Context, request any) (any, error) {
		return transport.NewStream(ctx, func(yield func(counted, error) bool) { yield(counted{len(request.(string))}, nil) }), nil
	}, func(_ context.Context, r *http.Request) (any, error) { return r.PathValue("n"), nil }))
	addr, _ := serveWhole(t, mux)
	call, _ := whole(t, addr, func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewRouteLinesEndpoint[counted](c, "GET", base, "/from/{n}", func(n string) (kithttp.Parts, error) {
			return kithttp.Parts{Path: []string{n}}, nil
		})
	})
	response, err := call(t.Context(), "seven")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(response.(*transport.Stream[counted]).All(), 0); !slices.Equal(got, []int{5}) || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := call(t.Context(), 5); err == nil {
		t.Error("it takes an int")
	}
}

// TestLinesAreCancelled while somebody waits for the next one.
func TestLinesAreCancelled(t *testing.T) {
	addr, _ := serveWhole(t, lines(func(ctx context.Context, _ any) (any, error) {
		return transport.NewStream(ctx, func(yield func(counted, error) bool) {
			yield(counted{1}, nil)
			<-ctx.Done()
		}), nil
	}))
	call, _ := whole(t, addr, newLines)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	response, err := call(ctx, sumRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for v, failed := range response.(*transport.Stream[counted]).All() {
		if v.N == 1 {
			cancel()
		}
		err = failed
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
