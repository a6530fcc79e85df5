package kithttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"

	"github.com/go-kit/kit/endpoint"
)

// NewEndpoint is the client of one method: it sends its request as JSON to
// path below base and returns the response as a Resp. A nil request is sent
// without a body, and a response without a body is the zero Resp.
//
// A response that is not a success is an *Error. A call that failed before it
// had a connection, so that nothing of it was sent, has NotSent() true in its
// error's tree, below which the cause is as net/http gave it (a *url.Error,
// with a *net.OpError where the dial failed). Time is bounded by ctx alone.
func NewEndpoint[Resp any](c *http.Client, method string, base *url.URL, path string) endpoint.Endpoint {
	target := base.JoinPath(path).String()
	return func(ctx context.Context, request any) (any, error) {
		body, err := call(ctx, c, method, target, request)
		if err != nil {
			return nil, err
		}
		var response Resp
		if len(body) == 0 {
			return response, nil
		}
		if err := json.Unmarshal(body, &response); err != nil {
			return nil, fmt.Errorf("%s %s: decode response: %w", method, target, err)
		}
		return response, nil
	}
}

// call makes one request and returns the body of a success.
func call(ctx context.Context, c *http.Client, method, target string, request any) ([]byte, error) {
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected = true },
	})
	req, err := newRequest(ctx, method, target, request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: encode request %T: %w", method, target, request, err)
	}
	resp, err := c.Do(req)
	if err != nil {
		if !connected {
			return nil, &unsentError{err}
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, decodeError(resp)
	}
	body, err := io.ReadAll(limited(resp.Body, maxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fmt.Errorf("%s %s: response is larger than %d bytes, which is what ClientConfig.MaxResponse allows", method, target, tooLarge.Limit)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: read response: %w", method, target, err)
	}
	return body, nil
}

// newRequest reads its body from memory, which gives it a Content-Length and
// lets net/http send it again after a redirect or on a connection that turned
// out to be closed.
func newRequest(ctx context.Context, method, target string, request any) (*http.Request, error) {
	var body io.Reader
	if request != nil {
		b, err := json.Marshal(request)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", contentJSON)
	}
	req.Header.Set("Accept", "application/json, "+problemJSON)
	return req, nil
}

// unsentError marks a call that never had a connection, whatever the reason.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }
func (e *unsentError) NotSent() bool { return true }
