package kithttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/transport/internal/kind"
)

// RequestFactory is Factory for requests that are HTTP already: its endpoints take
// an *http.Request and return a *Stream. They are what NewRoundTripper is to be
// built on; who calls one directly gives the request a GetBody, or it can be sent
// once.
//
// The request goes to the instance with its own path, below that of the instance
// if it is a URL with one, and with its own Host: the name of the service. The
// server is told what SendCall tells; the deadline is that of the request's own
// context, since that of an attempt says nothing about the body that follows. Then
// each of before may add to the request.
//
// A response of status 408, 429, 499 or from 500, but 501, is an error with that StatusCode,
// so that it counts as one for every policy; with the response in it, whose body
// has been read, as far as ClientConfig.MaxResponse. NewRoundTripper returns it to
// the caller as any other.
//
// An error is one not to be repeated (its RetryAfter is negative) if the request
// may have been carried out and is not idempotent: by its method, as RFC 9110 has
// it, or since it has an Idempotency-Key.
func RequestFactory(cfg ClientConfig, before ...httptransport.RequestFunc) kitsd.Factory {
	cfg = cfg.filled()
	return func(instance string) (endpoint.Endpoint, io.Closer, error) {
		base, err := baseURL(instance, cfg.TLS != nil)
		if err != nil {
			return nil, nil, err
		}
		t := cfg.transport(base)
		return requester{t, before}.call, t, nil
	}
}

// requester sends requests to one instance.
type requester struct {
	t      *instanceTransport
	before []httptransport.RequestFunc
}

func (q requester) call(ctx context.Context, request any) (any, error) {
	r, ok := request.(*http.Request)
	if !ok {
		return nil, fmt.Errorf("kithttp.RequestFactory: the request is a %T; want an *http.Request", request)
	}
	x, ok := r.Body.(*exchange)
	if !ok {
		x = &exchange{r: r, getBody: r.GetBody}
		x.once = !repeatable(r) || r.Body != nil && r.Body != http.NoBody && r.GetBody == nil
		defer x.finish()
	}
	trip := new(trip)
	out := trip.request(ctx, q.t.base, x)
	if err := x.begin(out); err != nil {
		return nil, err
	}
	for _, f := range q.before {
		out = out.WithContext(f(out.Context(), out))
	}
	resp, err := q.t.roundTrip(out)
	err = x.blame(err)
	if err == nil && failed(resp.StatusCode) {
		err = answered(resp, q.t.maxResponse)
	}
	again := x.end(err == nil || trip.connected)
	switch {
	case err == nil:
		return newStream(ctx, resp), nil
	case !trip.connected:
		return nil, &unsentError{err}
	case !again && !turnedDown(err):
		return nil, onceError{err: err}
	}
	return nil, err
}

// trip is what one attempt needs beside its request, in one allocation.
type trip struct {
	trace     httptrace.ClientTrace
	connected bool
	told      [2]string // of the headers of SendCall
	url       url.URL
}

func (t *trip) gotConn(httptrace.GotConnInfo) { t.connected = true }

// request is x's, to be sent to the instance at base.
func (t *trip) request(ctx context.Context, base *url.URL, x *exchange) *http.Request {
	t.trace.GotConn = t.gotConn
	r := x.r
	out := r.WithContext(httptrace.WithClientTrace(ctx, &t.trace))
	t.url = *r.URL
	t.url.Scheme, t.url.Host = base.Scheme, base.Host
	if base.Path != "" && base.Path != "/" {
		t.url.Path, t.url.RawPath = under(base.Path, r.URL.Path), under(base.EscapedPath(), r.URL.EscapedPath())
	}
	out.URL = &t.url
	if out.Host == "" {
		out.Host = r.URL.Host
	}
	if out.Header = maps.Clone(r.Header); out.Header == nil {
		out.Header = make(http.Header)
	}
	deadline, ok := r.Context().Deadline()
	sendDeadline(deadline, ok, out.Header, &t.told)
	sendChain(ctx, out.Header, &t.told)
	if _, ok := out.Header["X-Idempotency-Key"]; !ok && repeatable(r) {
		out.Header["X-Idempotency-Key"] = nil // has net/http try again on a connection that was closed, and is not sent
	}
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		out.Body = nil
	case x.getBody == nil:
		out.Body = x
	}
	return out
}

// under is path below that of an instance. It is not cleaned, or a ".." would lead out.
func under(base, path string) string {
	if path == "" {
		return base
	}
	return strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(path, "/")
}

// failed reports whether a response of that status is an instance's failure, as
// classify.Default has it.
func failed(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, kind.StatusClientClosed:
		return true
	case http.StatusNotImplemented:
		return false
	}
	return status >= http.StatusInternalServerError
}

// responseError is a response that is a failure. Its err is that failure as
// NewEndpoint has it.
type responseError struct {
	resp *http.Response
	err  error
}

func (e *responseError) Error() string { return e.err.Error() }
func (e *responseError) Unwrap() error { return e.err }

// answered reads resp's body, so that its connection is free and the attempt can be
// ended. The body gives what was read, and then the error with which that ended.
func answered(resp *http.Response, most int64) *responseError {
	if most < 0 {
		most = maxBody
	}
	body, err := io.ReadAll(atMost(nil, resp.Body, most))
	_ = resp.Body.Close() // read as far as it is wanted
	var rest io.Reader = bytes.NewReader(body)
	if err != nil {
		rest = io.MultiReader(rest, brokenReader{err})
	}
	resp.Body = io.NopCloser(rest)
	return &responseError{resp, pushedBackBy(resp, problemOf(resp, body[:min(len(body), maxProblem)]))}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

// turnedDown reports whether err is a response that says the request was not carried
// out.
func turnedDown(err error) bool {
	e, ok := errors.AsType[*responseError](err)
	return ok && e.resp.StatusCode == http.StatusTooManyRequests
}
