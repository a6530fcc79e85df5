package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// clientConfig gives connections up early, so that a row need not wait for it.
func clientConfig() kithttp.ClientConfig {
	return kithttp.ClientConfig{IdleConnTimeout: 500 * time.Millisecond}
}

// endpointDoor is go-kit's endpoints over HTTP.
func endpointDoor() door {
	return door{name: "endpoint", who: "endpoints over HTTP", wire: overHTTP, open: func(_ *trial, _ string, instances *sd.Instancer) entrance {
		return byPool(
			newPool(instances, kithttp.Factory(newHTTPCall, clientConfig())),
			func(response any) string { return response.(answer).ID },           //nolint:forcetypeassert // as newHTTPCall says
			func(response any) stream { return newLines(response.(io.Reader)) }, //nolint:forcetypeassert // likewise
		)
	}}
}

// newHTTPCall is the client of one instance.
func newHTTPCall(base *url.URL, c *http.Client) endpoint.Endpoint {
	call := kithttp.NewEndpoint[answer](c, http.MethodPost, base, "/call")
	watch := kithttp.NewStreamEndpoint(c, http.MethodGet, base, "/watch")
	return func(ctx context.Context, request any) (any, error) {
		if _, ok := request.(watching); ok {
			return watch(ctx, nil)
		}
		return call(ctx, request)
	}
}

// lineStream is answers, one per line.
type lineStream struct{ r *bufio.Reader }

func newLines(r io.Reader) stream { return lineStream{bufio.NewReader(r)} }

func (s lineStream) next() (string, error) {
	line, err := s.r.ReadBytes('\n')
	if err != nil {
		return "", err
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return "", err
	}
	return a.ID, nil
}
