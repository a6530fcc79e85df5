package kithttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func newSum(base *url.URL, c *http.Client) endpoint.Endpoint {
	return kithttp.NewEndpoint[sumResponse](c, "POST", base, "/sum")
}

// stub is a server that is not ours.
func stub(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRoundTrip(t *testing.T) {
	sum := kithttp.NewServer(func(_ context.Context, request any) (any, error) {
		r := request.(sumRequest)
		return sumResponse{r.A + r.B}, nil
	}, kithttp.DecodeJSON[sumRequest])
	base := start(t, sum, kithttp.Config{})
	for _, method := range []string{"POST", "PUT", "GET", "DELETE"} {
		call := kithttp.NewEndpoint[sumResponse](client(t), method, base, "/v1/sum")
		if got, err := call(t.Context(), sumRequest{A: 1, B: 2}); got != (sumResponse{3}) || err != nil {
			t.Errorf("%s: %v, %v", method, got, err)
		}
		if got, err := call(t.Context(), nil); got != (sumResponse{}) || err != nil {
			t.Errorf("%s without a body: %v, %v", method, got, err)
		}
	}
}

func TestErrorsSurviveTheWire(t *testing.T) {
	for name, sent := range map[string]error{
		"whole":        &kithttp.Error{Status: 422, Code: "empty", Message: "empty string"},
		"status":       &kithttp.Error{Status: 409},
		"code":         &kithttp.Error{Code: "out_of_range", Message: "too far"},
		"wrapped":      fmt.Errorf("sum: %w", &kithttp.Error{Status: 400, Code: "overflow", Message: "int overflow"}),
		"unicode":      &kithttp.Error{Status: 404, Code: "no_such_user", Message: "\"jürgen\" <語>\n"},
		"plain":        errors.New("disk is full"),
		"deadline":     context.DeadlineExceeded,
		"unnamed":      &kithttp.Error{Status: 599, Message: "m"},
		"client close": &kithttp.Error{Status: 499},
	} {
		base := start(t, kithttp.NewServer(returning(nil, sent), kithttp.DecodeJSON[sumRequest]), kithttp.Config{})
		_, got := newSum(base, client(t))(t.Context(), sumRequest{})
		if diff := cmp.Diff(error(transport.ErrorOf(sent)), got); diff != "" {
			t.Errorf("%s (-sent +got):\n%s", name, diff)
		}
		if e, ok := errors.AsType[*kithttp.Error](sent); ok && !errors.Is(got, e) {
			t.Errorf("%s: %v is not what was sent", name, got)
		}
	}
}

func TestErrorsOfServersThatAreNotOurs(t *testing.T) {
	for name, tt := range map[string]struct {
		status      int
		contentType string
		body        string
		want        *kithttp.Error
	}{
		"text":         {503, "text/plain", "no healthy upstream\n", &kithttp.Error{Status: 503, Code: "unavailable", Message: "503 Service Unavailable: no healthy upstream"}},
		"nothing":      {502, "", "", &kithttp.Error{Status: 502, Code: "unavailable", Message: "Bad Gateway"}},
		"title only":   {404, "application/problem+json", `{"title":"gone"}`, &kithttp.Error{Status: 404, Code: "not_found", Message: "gone"}},
		"other JSON":   {400, "application/json", `{"error":"no"}`, &kithttp.Error{Status: 400, Code: "invalid_argument", Message: "Bad Request"}},
		"broken JSON":  {400, "application/json", `{"error`, &kithttp.Error{Status: 400, Code: "invalid_argument", Message: `400 Bad Request: {"error`}},
		"long":         {500, "text/html", strings.Repeat("x", 1<<20), &kithttp.Error{Status: 500, Code: "internal", Message: "500 Internal Server Error: " + strings.Repeat("x", 512)}},
		"lying status": {500, "application/problem+json", `{"status":200,"detail":"d"}`, &kithttp.Error{Status: 500, Code: "internal", Message: "d"}},
		"unfollowed":   {304, "", "", &kithttp.Error{Status: 500, Code: "unknown", Message: "Not Modified"}},
	} {
		base := stub(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tt.contentType)
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		})
		_, err := newSum(base, client(t))(t.Context(), sumRequest{})
		if diff := cmp.Diff(error(tt.want), err); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestH3_RequestsCanBeSentAgain: go-kit's are chunked, and a redirect of one
// is an error.
func TestH3_RequestsCanBeSentAgain(t *testing.T) {
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sum" {
			http.Redirect(w, r, "/v2/sum", http.StatusTemporaryRedirect)
			return
		}
		var got sumRequest
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.ContentLength != 13 || r.TransferEncoding != nil {
			t.Errorf("%s: length %d, encoding %v, %v", r.URL.Path, r.ContentLength, r.TransferEncoding, err)
		}
		if ct, accept := r.Header.Get("Content-Type"), r.Header.Get("Accept"); ct != "application/json; charset=utf-8" || accept != "application/json, application/problem+json" {
			t.Errorf("Content-Type %q, Accept %q", ct, accept)
		}
		_, _ = fmt.Fprintf(w, `{"sum":%d}`, got.A+got.B)
	})
	if got, err := newSum(base, client(t))(t.Context(), sumRequest{A: 1, B: 2}); got != (sumResponse{3}) || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestResponsesThatAreNotResponses(t *testing.T) {
	for name, tt := range map[string]struct {
		body, want string
		max        int64
	}{
		"no body":   {"", "", 0},
		"not JSON":  {"<html>", "decode response: invalid character '<'", 0},
		"trailing":  {`{"sum":1}{}`, "decode response: invalid character '{' after top-level value", 0},
		"too large": {`{"sum":1}`, "response is larger than 8 bytes, which is what ClientConfig.MaxResponse allows", 8},
		"fits":      {`{"sum":0}`, "", 9},
		"unlimited": {`{"sum":0}`, "", -1},
	} {
		base := stub(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.body) })
		call, closer, err := kithttp.Factory(newSum, kithttp.ClientConfig{MaxResponse: tt.max})(base.Host)
		if err != nil {
			t.Fatal(err)
		}
		got, err := call(t.Context(), sumRequest{})
		switch {
		case tt.want == "" && (got != (sumResponse{}) || err != nil):
			t.Errorf("%s: %v, %v", name, got, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "POST http://")):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		_ = closer.Close()
	}
}

func TestUnencodableRequest(t *testing.T) {
	_, err := newSum(&url.URL{Scheme: "http", Host: "127.0.0.1:1"}, client(t))(t.Context(), make(chan int))
	if err == nil || !strings.Contains(err.Error(), "encode request chan int: json: unsupported type") {
		t.Error(err)
	}
}

func TestNotSent(t *testing.T) {
	closed := listen(t)
	_ = closed.Close()
	release := make(chan struct{})
	defer close(release) // net/http goes on dialling for others after the call that wanted it has ended
	hangs := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		<-release
		return nil, io.EOF
	}}}
	accepts := stub(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	for name, tt := range map[string]struct {
		c    *http.Client
		base *url.URL
		want classify.Outcome
	}{
		"refused":                 {client(t), baseOf(closed, "http"), classify.NotSent},
		"timeout while dialling":  {hangs, baseOf(closed, "http"), classify.NotSent},
		"no TLS on that side":     {client(t), &url.URL{Scheme: "https", Host: accepts.Host}, classify.NotSent},
		"connection lost, unread": {client(t), accepts, classify.Failure},
	} {
		ctx := t.Context()
		if tt.c == hangs {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
		}
		_, err := newSum(tt.base, tt.c)(ctx, sumRequest{})
		if got := classify.Default(ctx, nil, err); got != tt.want {
			t.Errorf("%s: %v is %s, want %s", name, err, got, tt.want)
		}
		if _, ok := errors.AsType[*url.Error](err); !ok {
			t.Errorf("%s: no *url.Error in %v", name, err)
		}
		if op, ok := errors.AsType[*net.OpError](err); name == "refused" && (!ok || op.Op != "dial") {
			t.Errorf("%s: no dial error in %v", name, err)
		}
	}
}

// TestConnectionsAreReused: also after errors, which is what draining the body
// is for.
func TestConnectionsAreReused(t *testing.T) {
	sum := kithttp.NewServer(returning(nil, errors.New("no")), kithttp.DecodeJSON[sumRequest])
	l := listen(t)
	counting := &countingListener{Listener: l}
	s := kithttp.Server(counting, sum, kithttp.Config{})
	s.Probe = nil // one connection less to count
	s.Addr = nil
	serve(t, s, transport.Config{Propagation: -1})
	call := newSum(baseOf(l, "http"), client(t))
	for range 20 {
		if _, err := call(t.Context(), sumRequest{}); err == nil {
			t.Fatal("no error")
		}
	}
	if counting.n != 1 {
		t.Errorf("%d connections for 20 calls", counting.n)
	}
}

type countingListener struct {
	net.Listener
	n int
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.n++
	}
	return c, err
}

// TestTheClientsSettingsHold: newEndpoint may change its client, also after it has
// made an endpoint of it.
func TestTheClientsSettingsHold(t *testing.T) {
	base := stub(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/here", http.StatusTemporaryRedirect)
		case "/never":
			<-r.Context().Done()
		case "/who":
			fmt.Fprintf(w, "%q", user+" "+password)
		default:
			fmt.Fprintf(w, "%q", r.Method)
		}
	})
	call := func(method, path string, change func(*http.Client), before ...httptransport.RequestFunc) (any, error) {
		t.Helper()
		e, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
			e := kithttp.NewEndpoint[string](c, method, base, path, before...)
			change(c)
			return e
		}, kithttp.ClientConfig{})(base.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer closer.Close()
		return e(t.Context(), nil)
	}
	asItIs := func(*http.Client) {}
	if got, err := call("GET", "/moved", func(c *http.Client) { c.CheckRedirect = nil }); got != "GET" || err != nil {
		t.Errorf("redirects that are to be followed: %v, %v", got, err)
	}
	if got, err := call("GET", "/moved", asItIs); err == nil || !strings.Contains(err.Error(), "not followed") {
		t.Errorf("redirects that are not: %v, %v", got, err)
	}
	if got, err := call("GET", "/never", func(c *http.Client) { c.Timeout = time.Millisecond }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a timeout: %v, %v", got, err)
	}
	as := func(ctx context.Context, r *http.Request) context.Context {
		r.URL.User = url.UserPassword("ada", "secret")
		return ctx
	}
	if got, err := call("GET", "/who", asItIs, as); got != "ada secret" || err != nil {
		t.Errorf("a user: %v, %v", got, err)
	}
}

// TestNoMethodIsGET, as with http.NewRequest, also where the call fails.
func TestNoMethodIsGET(t *testing.T) {
	gone := listen(t)
	_ = gone.Close()
	e, closer, err := kithttp.Factory(func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[string](c, "", base, "/")
	}, kithttp.ClientConfig{})(gone.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if _, err := e(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "Get \"http://") {
		t.Error(err)
	}
}

// TestErrorsHaveNoPasswords: a registry may hold whole URLs.
func TestErrorsHaveNoPasswords(t *testing.T) {
	base := *stub(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "no JSON") })
	base.User = url.UserPassword("ada", "secret")
	if _, err := kithttp.NewEndpoint[int](client(t), "GET", &base, "/")(t.Context(), nil); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}
