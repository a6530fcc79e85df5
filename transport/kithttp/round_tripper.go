package kithttp

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/go-kit/kit/endpoint"
)

// RoundTripper is a transport for an http.Client whose requests go to the instances
// of a service. It is safe for concurrent use.
type RoundTripper struct{ call endpoint.Endpoint }

var _ http.RoundTripper = (*RoundTripper)(nil)

// NewRoundTripper returns the transport that makes requests by call: what
// RequestFactory makes, behind a balancer and whatever policies there are.
//
//	pool := lb.NewPool(instances, kithttp.RequestFactory(kithttp.ClientConfig{}), lb.PoolConfig{Guard: stack.Guard})
//	call := stack.Method("http")(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
//	client := &http.Client{Transport: kithttp.NewRoundTripper(call)}
//	resp, err := client.Get("http://addsvc/users/7")
//
// The host of a request is the service's name; it is not looked up, but sent as the
// header Host. One RoundTripper is for one service, whatever the host: a redirect to
// another one goes to the same instances, which is why a client that follows
// redirects had better look where they lead (http.Client.CheckRedirect).
//
// Policies may be told that all calls are idempotent (retry.Config.Idempotent, Hedge):
// a request is sent to a second instance only if it is (see RequestFactory), or if
// nothing of it was sent. Its body must allow it, too: by GetBody, which
// http.NewRequest sets for bodies in memory, or since it is no longer than 64 KiB
// by its Content-Length; that is read at once. Responses are streams, for which
// retry wants Streams, and what bounds whole calls (timeout.Config) bounds their
// bodies.
//
// A response is a response, whatever its status. When the attempts are used up, or
// a policy wants no further one, the client is given the last that there was.
func NewRoundTripper(call endpoint.Endpoint) *RoundTripper { return &RoundTripper{call} }

// RoundTrip implements http.RoundTripper.
func (t *RoundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL == nil {
		closeBody(r)
		return nil, errors.New("kithttp.RoundTripper: the request has no URL")
	}
	x, err := newExchange(r)
	if err != nil {
		closeBody(r)
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Redacted(), &bodyError{err})
	}
	defer x.finish()
	out := r.WithContext(r.Context())
	out.Body = x
	response, err := t.call(r.Context(), out)
	if err != nil {
		return failure(r, err)
	}
	s, ok := response.(*Stream)
	if !ok {
		return nil, fmt.Errorf("kithttp.RoundTripper: the endpoint returned a %T; want the *Stream of one that RequestFactory makes", response)
	}
	s.Response.Request = r
	return s.Response, nil
}

// failure is the response that is in err, if there is one and somebody still waits
// for it.
func failure(r *http.Request, err error) (*http.Response, error) {
	e, ok := errors.AsType[*responseError](err)
	if !ok || r.Context().Err() != nil {
		return nil, err
	}
	resp := *e.resp
	resp.Request = r
	return &resp, nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // the contract of RoundTrip asks for it, and has no use for the error
	}
}
