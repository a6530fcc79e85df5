package kithttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-kit/kit/endpoint"
	kittransport "github.com/go-kit/kit/transport"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport/kithttp"
)

// returning is an endpoint that ignores its request.
func returning(response any, err error) endpoint.Endpoint {
	return func(context.Context, any) (any, error) { return response, err }
}

func post(h http.Handler, body string) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(body)))
	return w.Result()
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type created struct {
	ID     string `json:"id"`
	status int
}

func (c created) StatusCode() int      { return c.status }
func (c created) Headers() http.Header { return http.Header{"Location": {"/" + c.ID}} }

// failer is a response with go-kit's business error.
type failer struct {
	Err error `json:"-"`
}

func (f failer) Failed() error { return f.Err }

// later is an error with a header.
type later struct{}

func (later) Error() string        { return "later" }
func (later) StatusCode() int      { return 429 }
func (later) Headers() http.Header { return http.Header{"Retry-After": {"7"}} }

// explosive cannot even be encoded.
type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("boom") }

func TestNewServerResponses(t *testing.T) {
	for name, tt := range map[string]struct {
		response any
		status   int
		header   http.Header
		body     string
	}{
		"plain":     {sumResponse{3}, 200, http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Content-Length": {"10"}}, "{\"sum\":3}\n"},
		"nil":       {nil, 200, http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Content-Length": {"5"}}, "null\n"},
		"succeeded": {failer{}, 200, http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Content-Length": {"3"}}, "{}\n"},
		"created":   {created{"7", 201}, 201, http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Content-Length": {"11"}, "Location": {"/7"}}, "{\"id\":\"7\"}\n"},
		"no body":   {created{"7", 204}, 204, http.Header{"Location": {"/7"}}, ""},
	} {
		resp := post(kithttp.NewServer(returning(tt.response, nil), kithttp.DecodeJSON[sumRequest]), "")
		if body := bodyOf(t, resp); resp.StatusCode != tt.status || body != tt.body {
			t.Errorf("%s: %d %q, want %d %q", name, resp.StatusCode, body, tt.status, tt.body)
		}
		if diff := cmp.Diff(tt.header, resp.Header); diff != "" {
			t.Errorf("%s: header (-want +got):\n%s", name, diff)
		}
	}
}

// TestH1_H2_ErrorsAreNeverSuccesses: go-kit answers 200 to a response that
// cannot be encoded, and to a Failer that failed.
func TestH1_H2_ErrorsAreNeverSuccesses(t *testing.T) {
	for name, tt := range map[string]struct {
		response any
		err      error
		problem  string
	}{
		"unencodable": {make(chan int), nil,
			`{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"encode response chan int: json: unsupported type: chan int","code":"unknown"}`},
		"failer": {failer{&kithttp.Error{Status: 404, Code: "no_such_user", Message: "user 7 is not here"}}, nil,
			`{"type":"about:blank","title":"Not Found","status":404,"detail":"user 7 is not here","code":"no_such_user"}`},
		"error": {nil, errors.New("disk is full"),
			`{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"disk is full","code":"unknown"}`},
		"deadline": {nil, context.DeadlineExceeded,
			`{"type":"about:blank","title":"Gateway Timeout","status":504,"detail":"context deadline exceeded","code":"deadline_exceeded"}`},
		"canceled": {nil, context.Canceled,
			`{"type":"about:blank","title":"Client Closed Request","status":499,"detail":"context canceled","code":"canceled"}`},
	} {
		resp := post(kithttp.NewServer(returning(tt.response, tt.err), kithttp.DecodeJSON[sumRequest]), "")
		var status struct{ Status int }
		body := bodyOf(t, resp)
		if err := json.Unmarshal([]byte(body), &status); err != nil || status.Status != resp.StatusCode {
			t.Errorf("%s: %d with body %s (%v)", name, resp.StatusCode, body, err)
		}
		if body != tt.problem || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s\n got %s\nwant %s", name, resp.Header.Get("Content-Type"), body, tt.problem)
		}
	}
}

func TestErrorsMayHaveHeaders(t *testing.T) {
	resp := post(kithttp.NewServer(returning(nil, later{}), kithttp.DecodeJSON[sumRequest]), "")
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "7" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

func TestDecodeErrorsAreTheCallersFault(t *testing.T) {
	for name, tt := range map[string]struct {
		err    error
		status int
	}{
		"plain":  {errors.New("no such shape"), 400},
		"stated": {&kithttp.Error{Status: 415}, 415},
		"gone":   {context.Canceled, 499},
	} {
		decode := func(context.Context, *http.Request) (any, error) { return nil, tt.err }
		e := func(context.Context, any) (any, error) {
			t.Errorf("%s: the endpoint was called", name)
			return nil, nil
		}
		resp := post(kithttp.NewServer(e, decode), "")
		if body := bodyOf(t, resp); resp.StatusCode != tt.status || !strings.Contains(body, tt.err.Error()) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
}

func TestPanicsAreAnsweredAndLogged(t *testing.T) {
	boom := func(context.Context, any) (any, error) { panic("boom") }
	decode := func(context.Context, *http.Request) (any, error) { panic("boom") }
	for name, newHandler := range map[string]func(...httptransport.ServerOption) http.Handler{
		"endpoint": func(o ...httptransport.ServerOption) http.Handler {
			return kithttp.NewServer(boom, kithttp.DecodeJSON[sumRequest], o...)
		},
		"decode": func(o ...httptransport.ServerOption) http.Handler {
			return kithttp.NewServer(endpoint.Nop, decode, o...)
		},
		"encode": func(o ...httptransport.ServerOption) http.Handler {
			return kithttp.NewServer(returning(explosive{}, nil), kithttp.DecodeJSON[sumRequest], o...)
		},
	} {
		var logged string
		handle := kittransport.ErrorHandlerFunc(func(_ context.Context, err error) { logged = err.Error() })
		resp := post(newHandler(httptransport.ServerErrorHandler(handle)), "")
		if body := bodyOf(t, resp); resp.StatusCode != 500 || strings.Contains(body, "boom") || !strings.Contains(body, `"code":"internal"`) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
		if !strings.HasPrefix(logged, "panic: boom\n") || !strings.Contains(logged, "handler_test.go") {
			t.Errorf("%s: logged %q, want the panic and its stack", name, logged)
		}

		var std bytes.Buffer
		before := stdlog.Writer()
		stdlog.SetOutput(&std)
		_ = post(newHandler(), "").Body.Close()
		stdlog.SetOutput(before)
		if !strings.Contains(std.String(), "panic: boom") {
			t.Errorf("%s: nobody is told without an error handler", name)
		}
	}
}

func TestAbortIsLeftToNetHTTP(t *testing.T) {
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
	}()
	abort := func(context.Context, any) (any, error) { panic(http.ErrAbortHandler) }
	_ = post(kithttp.NewServer(abort, kithttp.DecodeJSON[sumRequest]), "").Body.Close()
	t.Error("the abort was swallowed")
}

func TestNewServerNeedsBothParts(t *testing.T) {
	for name, f := range map[string]func(){
		"endpoint": func() { kithttp.NewServer(nil, kithttp.DecodeJSON[sumRequest]) },
		"decode":   func() { kithttp.NewServer(endpoint.Nop, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no %s: accepted", name)
				}
			}()
			f()
		}()
	}
}

func TestOptionsComeLast(t *testing.T) {
	encode := func(_ context.Context, _ error, w http.ResponseWriter) { w.WriteHeader(418) }
	h := kithttp.NewServer(returning(nil, errors.New("no")), kithttp.DecodeJSON[sumRequest], httptransport.ServerErrorEncoder(encode))
	if resp := post(h, ""); resp.StatusCode != 418 {
		t.Errorf("%d", resp.StatusCode)
	}
}
