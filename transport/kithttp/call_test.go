package kithttp_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// direct is a wire without a network, for tests whose time is a bubble's.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // as net/http does
	in := httptest.NewRequestWithContext(ctx, r.Method, r.URL.String(), r.Body)
	in.Header = r.Header.Clone()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, in)
	return w.Result(), nil
}

func (d direct) client() (*url.URL, *http.Client) {
	return &url.URL{Scheme: "http", Host: "direct"}, &http.Client{Transport: d}
}

// told is what an endpoint sees of its call.
type told struct {
	Chain    attempt.Chain
	Retried  bool
	Left     time.Duration
	Limited  bool
	Finished bool // the context had ended already
}

func toldBy(ctx context.Context) (t told) {
	t.Chain, t.Retried = attempt.Incoming(ctx)
	var deadline time.Time
	if deadline, t.Limited = ctx.Deadline(); t.Limited {
		t.Left = time.Until(deadline)
	}
	t.Finished = ctx.Err() != nil
	return t
}

func TestCallsTellTheServer(t *testing.T) {
	for name, tt := range map[string]struct {
		ctx  func(context.Context) context.Context
		want told
	}{
		"nothing": {func(ctx context.Context) context.Context { return ctx }, told{}},
		"a deadline, rounded down": {func(ctx context.Context) context.Context {
			return attempt.Within(ctx, 1500*time.Millisecond+999*time.Microsecond, nil)
		}, told{Left: 1500 * time.Millisecond, Limited: true}},
		"less than a millisecond": {func(ctx context.Context) context.Context {
			return attempt.Within(ctx, time.Microsecond, nil)
		}, told{Left: time.Millisecond, Limited: true}},
		"an attempt": {func(ctx context.Context) context.Context {
			return attempt.StartWith(ctx, attempt.Options{Left: 1})
		}, told{Chain: attempt.Chain{Number: 1, Left: 1}, Retried: true}},
		"an attempt that restricts nobody": {func(ctx context.Context) context.Context {
			return attempt.StartWith(ctx, attempt.Options{Left: 2})
		}, told{}},
		"both": {func(ctx context.Context) context.Context {
			return attempt.StartWith(ctx, attempt.Options{Timeout: time.Second}).NextWith(attempt.Options{Timeout: 2 * time.Second, Left: 1})
		}, told{Chain: attempt.Chain{Number: 2, Left: 1}, Retried: true, Left: 2 * time.Second, Limited: true}},
		"an attempt of somebody above": {func(ctx context.Context) context.Context {
			return attempt.WithIncoming(ctx, attempt.Chain{Number: 3, Left: 1})
		}, told{Chain: attempt.Chain{Number: 3, Left: 1}, Retried: true}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var got told
			record := func(ctx context.Context, _ any) (any, error) {
				got = toldBy(ctx)
				return sumResponse{}, nil
			}
			base, c := direct{kithttp.NewServer(record, kithttp.DecodeJSON[sumRequest])}.client()
			if _, err := newSum(base, c)(tt.ctx(t.Context()), sumRequest{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}

			got = told{}
			gokit := httptransport.NewServer(record, kithttp.DecodeJSON[sumRequest], kithttp.EncodeJSON, httptransport.ServerBefore(kithttp.ReceiveCall))
			base, c = direct{gokit}.client()
			call := httptransport.NewClient("POST", base, httptransport.EncodeJSONRequest, func(context.Context, *http.Response) (any, error) { return nil, nil },
				httptransport.SetClient(c), httptransport.ClientBefore(kithttp.SendCall)).Endpoint()
			if _, err := call(tt.ctx(t.Context()), sumRequest{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s, by go-kit (-want +got):\n%s", name, diff)
			}
		})
	}
}

func TestNothingToTellNoHeaders(t *testing.T) {
	base := stub(t, func(_ http.ResponseWriter, r *http.Request) {
		for _, name := range []string{attempt.Header, "Kit-Timeout-Ms"} {
			if _, ok := r.Header[name]; ok {
				t.Errorf("%s: %q", name, r.Header[name])
			}
		}
	})
	if _, err := newSum(base, client(t))(t.Context(), sumRequest{}); err != nil {
		t.Error(err)
	}
}

// received is what a server believes of two headers.
func received(ctx context.Context, timeout, chain string) told {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Kit-Timeout-Ms"], r.Header[attempt.Header] = []string{timeout}, []string{chain}
	return toldBy(kithttp.ReceiveCall(ctx, r))
}

func TestWhatServersBelieve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for text, want := range map[string]told{
			"250":                   {Left: 250 * time.Millisecond, Limited: true},
			"0":                     {Limited: true, Finished: true},
			"-1":                    {Limited: true, Finished: true},
			"-99999999999999999999": {Limited: true, Finished: true},
			"86400001":              {Left: 24 * time.Hour, Limited: true},
			"9223372036854775807":   {Left: 24 * time.Hour, Limited: true},
			"99999999999999999999":  {Left: 24 * time.Hour, Limited: true},
			"":                      {},
			"250ms":                 {},
			"2.5":                   {},
			" 250":                  {},
			"1e3":                   {},
			"NaN":                   {},
			"20000000000000000000A": {},
		} {
			if diff := cmp.Diff(want, received(t.Context(), text, "garbage")); diff != "" {
				t.Errorf("%q (-want +got):\n%s", text, diff)
			}
		}
		if got := received(t.Context(), "", "n=2, left=1"); got != (told{Chain: attempt.Chain{Number: 2, Left: 1}, Retried: true}) {
			t.Errorf("the attempt became %+v", got)
		}
	})
}

func FuzzReceiveCall(f *testing.F) {
	for _, seed := range []string{"0", "1", "-1", "250", "86400000", "9223372036854775808", "1_000", "0x10", "+5", "٣"} {
		f.Add(seed, "n=1, left=2")
	}
	f.Add("", "n=0,=")
	f.Fuzz(func(t *testing.T, timeout, chain string) {
		got := received(t.Context(), timeout, chain)
		n, err := strconv.ParseFloat(timeout, 64)
		switch {
		case got.Left > 24*time.Hour, got.Limited && err != nil && !errors.Is(err, strconv.ErrRange):
			t.Errorf("%q: %+v", timeout, got)
		case err == nil && n == math.Trunc(n) && n > 60e3 && got.Finished:
			t.Errorf("%q: time is up already", timeout)
		}
		if _, err := attempt.ParseChain(chain); got.Retried != (err == nil) {
			t.Errorf("%q: %+v", chain, got)
		}
	})
}

// TestCallersDeadlineEndsTheCall: the endpoint's context ends when nobody waits
// any more, and says why.
func TestCallersDeadlineEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		base, c := direct{kithttp.NewServer(func(ctx context.Context, _ any) (any, error) {
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			<-child.Done()
			if cause := context.Cause(child); cause.Error() != "the caller's deadline has passed" || !errors.Is(cause, context.DeadlineExceeded) {
				t.Errorf("the cause is %v", cause)
			}
			return nil, ctx.Err()
		}, kithttp.DecodeJSON[sumRequest])}.client()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := newSum(base, c)(ctx, sumRequest{})
		if e, ok := errors.AsType[*kithttp.Error](err); !ok || e.Status != 504 || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestTooLateIsNotBegun(t *testing.T) {
	slow := func(_ context.Context, r *http.Request) (any, error) {
		time.Sleep(time.Second) // as one whose caller sends slowly
		return io.ReadAll(r.Body)
	}
	for name, tt := range map[string]struct {
		timeout string
		status  int
	}{
		"in time":           {"1001", 200},
		"up while decoding": {"1000", 504},
		"up already":        {"0", 504},
		"not said":          {"", 200},
	} {
		synctest.Test(t, func(t *testing.T) {
			called := false
			h := kithttp.NewServer(func(context.Context, any) (any, error) { called = true; return nil, nil }, slow)
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader("x"))
			r.Header.Set("Kit-Timeout-Ms", tt.timeout)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status || called != (tt.status == 200) {
				t.Errorf("%s: %d, called: %t: %s", name, w.Code, called, w.Body)
			}
			if tt.status == 504 && !strings.Contains(w.Body.String(), `"code":"deadline_exceeded"`) {
				t.Errorf("%s: %s", name, w.Body)
			}
		})
	}
}

// TestOtherEndsAreBegun: what is not the caller's deadline is for the endpoint
// to see.
func TestOtherEndsAreBegun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	kithttp.NewServer(returning(nil, nil), kithttp.DecodeJSON[sumRequest]).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/", nil))
	if w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestMaxTimeout(t *testing.T) {
	for name, tt := range map[string]struct {
		most time.Duration
		sent string
		want string
	}{
		"within it": {time.Minute, "60000", "60000"},
		"cut":       {time.Minute, "60001", "60000"},
		"tiny":      {time.Nanosecond, "60001", "1"},
		"not heard": {-1, "60000", ""},
		"default":   {0, "86400001", "86400001"}, // who reads it knows the limit
		"garbage":   {time.Minute, "soon", "soon"},
	} {
		var got string
		base := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Kit-Timeout-Ms") }), kithttp.Config{MaxTimeout: tt.most})
		call := kithttp.NewEndpoint[sumResponse](client(t), "POST", base, "/sum", func(ctx context.Context, r *http.Request) context.Context {
			r.Header.Set("Kit-Timeout-Ms", tt.sent)
			return ctx
		})
		if _, err := call(t.Context(), nil); err != nil || got != tt.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, tt.want, err)
		}
	}
}

// TestRequestsCanBeAddedTo: for credentials and traces, which nobody here knows.
func TestRequestsCanBeAddedTo(t *testing.T) {
	type key struct{}
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer 7" || r.Header.Get("Content-Type") == "" {
			t.Errorf("%v", r.Header)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
	})
	var seen any
	c := client(t)
	c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		seen = r.Context().Value(key{})
		return http.ErrUseLastResponse
	}
	_, err := kithttp.NewEndpoint[sumResponse](c, "POST", base, "/sum",
		func(ctx context.Context, _ *http.Request) context.Context { return context.WithValue(ctx, key{}, "7") },
		func(ctx context.Context, r *http.Request) context.Context {
			r.Header.Set("Authorization", "Bearer "+ctx.Value(key{}).(string))
			return ctx
		},
	)(t.Context(), sumRequest{})
	if err == nil || seen != "7" {
		t.Errorf("%v; the request's context has %v", err, seen)
	}
}

func TestTellingIsCheap(t *testing.T) {
	ctx := attempt.StartWith(t.Context(), attempt.Options{Timeout: time.Hour, Left: 1})
	defer ctx.End()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if n := testing.AllocsPerRun(100, func() { kithttp.SendCall(ctx, r) }); n > 3 { // two texts, and where they are
		t.Errorf("sending: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { kithttp.ReceiveCall(t.Context(), r) }); n > 3 { // the chain, its context, the deadline's
		t.Errorf("receiving: %v allocations", n)
	}
}
