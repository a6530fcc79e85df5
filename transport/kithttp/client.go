package kithttp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"reflect"
	"strings"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
)

// NewEndpoint is the client of one method: it sends its request as JSON to
// path below base and returns the response as a Resp. A nil request is sent
// without a body, and a response without a body is the zero Resp.
//
// The server is told what SendCall tells. Then each of before may add to the
// request, and to its context, as a go-kit ClientBefore does: credentials, a
// trace.
//
// A response that is not a success has an *Error in its error's tree, and a
// method RetryAfter if the server said when to come again: Kit-Retry-Pushback-Ms
// (negative: never), else Retry-After, at most 24 h. A call that failed before it
// had a connection, so that nothing of it was sent, has NotSent() true in its
// error's tree, below which the cause is as net/http gave it (a *url.Error,
// with a *net.OpError where the dial failed). Time is bounded by ctx alone.
func NewEndpoint[Resp any](c *http.Client, method string, base *url.URL, path string, before ...httptransport.RequestFunc) endpoint.Endpoint {
	to := newTarget(c, method, base.JoinPath(path))
	return func(ctx context.Context, request any) (any, error) {
		body, err := call(ctx, to, request, before)
		if err != nil {
			return nil, err
		}
		return decoded[Resp](to, body)
	}
}

// call makes one request and returns the body of a success.
func call(ctx context.Context, to *target, request any, before []httptransport.RequestFunc) ([]byte, error) {
	resp, err := send(ctx, to, request, before)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(limited(resp.Body, maxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fmt.Errorf("%s: response is larger than %d bytes, which is what ClientConfig.MaxResponse allows", to, tooLarge.Limit)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: read response: %w", to, err)
	}
	return body, nil
}

// send makes one request and returns the response if that is a success.
func send(ctx context.Context, to *target, request any, before []httptransport.RequestFunc) (*http.Response, error) {
	out := new(outgoing)
	req, err := out.newRequest(ctx, to.request, request)
	if err != nil {
		return nil, fmt.Errorf("%s: encode request %T: %w", to, request, err)
	}
	if len(before) > 0 {
		u := *req.URL // theirs to change
		req.URL = &u
	}
	for _, f := range before {
		req = req.WithContext(f(req.Context(), req))
	}
	resp, err := to.do(req)
	if err != nil {
		if !out.connected {
			return nil, &unsentError{err}
		}
		return nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		defer resp.Body.Close()
		return nil, decodeError(resp)
	}
	return resp, nil
}

// outgoing is what a request needs beside itself, in one allocation.
type outgoing struct {
	trace     httptrace.ClientTrace
	connected bool      // there was a connection to send the request on
	accept    [2]string // of the headers Accept and Content-Type
	call      [2]string // of those of SendCall
	body      bytes.Reader
}

func (o *outgoing) gotConn(httptrace.GotConnInfo) { o.connected = true }

// newRequest reads its body from memory, which gives it a Content-Length and
// lets net/http send it again after a redirect or on a connection that turned
// out to be closed.
func (o *outgoing) newRequest(ctx context.Context, template *http.Request, request any) (*http.Request, error) {
	o.trace.GotConn = o.gotConn
	req := template.WithContext(httptrace.WithClientTrace(ctx, &o.trace))
	req.Header = make(http.Header, 4)
	o.accept = [2]string{"application/json, " + problemJSON, contentJSON}
	if _, ok := ctx.(streamContext); ok {
		sendStream(ctx, req.Header, &o.call)
	} else {
		req.Header["Accept"] = o.accept[0:1:1]
		sendCall(ctx, req.Header, &o.call)
	}
	if request == nil {
		return req, nil
	}
	if lines, ok := request.(*linesBody); ok {
		req.Body, req.ContentLength = lines, -1
		req.Header["Content-Type"] = []string{contentLines}
		return req, nil
	}
	b, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	o.body.Reset(b)
	req.Body, req.ContentLength = io.NopCloser(&o.body), int64(len(b)) // net/http knows that pair for memory, and sends header and body in one piece
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	req.Header["Content-Type"] = o.accept[1:2:2]
	return req, nil
}

// unsentError marks a call that never had a connection, whatever the reason.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }
func (e *unsentError) NotSent() bool { return true }

// target is where the calls of one method go.
type target struct {
	client  *http.Client
	request *http.Request // with all that calls have in common
}

func newTarget(c *http.Client, method string, u *url.URL) *target {
	if parsed, err := url.Parse(u.String()); err == nil { // JoinPath leaves some without the slash that others put before the path
		u = parsed
	}
	return &target{client: c, request: &http.Request{
		Method: cmp.Or(method, http.MethodGet), URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
	}}
}

func (t *target) String() string { return t.request.Method + " " + t.request.URL.Redacted() }

// do is the client's Do.
func (t *target) do(r *http.Request) (*http.Response, error) {
	direct := t.direct(r)
	if direct == nil {
		return t.client.Do(r) //nolint:gosec // the factory chooses the host, and path is the program's own
	}
	resp, err := direct.RoundTrip(r)
	if err != nil {
		return nil, &url.Error{Op: r.Method[:1] + strings.ToLower(r.Method[1:]), URL: r.URL.Redacted(), Err: err}
	}
	return resp, nil
}

// direct is what the client would go through, if it does nothing else with r; else
// nil. Whoever was given the client may have changed it.
func (t *target) direct(r *http.Request) *instanceTransport {
	c := t.client
	if c.Jar != nil || c.Timeout != 0 || r.URL.User != nil ||
		reflect.ValueOf(c.CheckRedirect).Pointer() != reflect.ValueOf(dontFollow).Pointer() {
		return nil
	}
	direct, _ := c.Transport.(*instanceTransport)
	return direct
}
