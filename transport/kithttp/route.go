package kithttp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
)

// Parts are where in a request its values go.
type Parts struct {
	Path  []string   // of the path's variables, in its order, as they are: they are escaped where they are sent
	Query url.Values // none if empty
	Body  any        // sent as JSON; none if nil
}

// NewRouteEndpoint is the client of one method that has values in its URL: as
// NewEndpoint, but path may have variables, as http.ServeMux has them
// ("/users/{id}"), and parts says what of a request goes where. A value that
// cannot be in a path, such as an empty one, fails the call with a 400 before
// anything is sent.
func NewRouteEndpoint[Resp, Req any](
	c *http.Client, method string, base *url.URL, path string, parts func(Req) (Parts, error), before ...httptransport.RequestFunc,
) endpoint.Endpoint {
	to := newRoute(c, method, base, path)
	return func(ctx context.Context, request any) (any, error) {
		at, sent, err := locate(to, parts, request)
		if err != nil {
			return nil, err
		}
		body, err := call(ctx, at, sent, before)
		if err != nil {
			return nil, err
		}
		return decoded[Resp](at, body)
	}
}

// locate is where a request goes, and what of it is the body.
func locate[Req any](to *route, parts func(Req) (Parts, error), request any) (*target, any, error) {
	req, ok := request.(Req)
	if !ok {
		return nil, nil, fmt.Errorf("%s: the request is a %T, want a %T", to, request, req)
	}
	p, err := parts(req)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: encode request: %w", to, err)
	}
	at, err := to.at(p)
	return at, p.Body, err
}

// decoded is the response in a body; the zero Resp if it is empty.
func decoded[Resp any](to *target, body []byte) (any, error) {
	var response Resp
	if len(body) == 0 {
		return response, nil
	}
	if err := json.Unmarshal(body, &response); err != nil {
		return nil, fmt.Errorf("%s: decode response: %w", to, err)
	}
	return response, nil
}

// route is a target whose path has variables.
type route struct {
	target   *target // of the base
	path     string  // with variables
	segments []string
}

func newRoute(c *http.Client, method string, base *url.URL, path string) *route {
	return &route{newTarget(c, method, base), path, strings.Split(strings.TrimPrefix(path, "/"), "/")}
}

func (r *route) String() string { return r.target.request.Method + " " + r.path }

// at is the route with its values filled in.
func (r *route) at(p Parts) (*target, error) {
	plain, escaped, left := slices.Clone(r.segments), slices.Clone(r.segments), p.Path
	for i, s := range r.segments {
		if !strings.HasPrefix(s, "{") {
			continue
		}
		if len(left) == 0 {
			return nil, fmt.Errorf("%s: %d values for the variables of the path", r, len(p.Path))
		}
		if why := unfit(left[0]); why != "" {
			return nil, badRequest(fmt.Sprintf("%s: %s is %q: %s", r, strings.Trim(s, "{}"), left[0], why))
		}
		plain[i], escaped[i], left = left[0], url.PathEscape(left[0]), left[1:]
	}
	u := *r.target.request.URL
	u.Path, u.RawPath = under(u.Path, "/"+strings.Join(plain, "/")), under(u.EscapedPath(), "/"+strings.Join(escaped, "/"))
	u.RawQuery = p.Query.Encode()
	request := *r.target.request
	request.URL = &u
	return &target{r.target.client, &request}, nil
}

// unfit says why a value cannot be a segment of a path; empty if it can. Servers
// and proxies take steps before they look where a path leads, also escaped ones.
func unfit(value string) string {
	switch value {
	case "":
		return "a part of a path cannot be empty"
	case ".", "..":
		return "in a path that is a step, which servers and proxies take"
	case "/":
		return "http.ServeMux takes that for the end of the path, even escaped"
	}
	return ""
}
