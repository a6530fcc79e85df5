package kithttp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/transport"
)

// NewLinesEndpoint is NewEndpoint for a method that answers a sequence, as
// NewLinesServer sends it: its response is a *transport.Stream[T]. It returns once
// the server has taken the call, with the error if it has not, so that policies see
// it and may make the call again. Whoever leaves the stream ends it at the server. A
// line is at most 4 MiB; there may be any number.
func NewLinesEndpoint[T any](c *http.Client, method string, base *url.URL, path string, before ...httptransport.RequestFunc) endpoint.Endpoint {
	to := newTarget(c, method, base.JoinPath(path))
	return func(ctx context.Context, request any) (any, error) {
		return openLines[T](ctx, to, request, before)
	}
}

// NewRouteLinesEndpoint is NewLinesEndpoint for a method that has values in its URL,
// as NewRouteEndpoint has them.
func NewRouteLinesEndpoint[T, Req any](
	c *http.Client, method string, base *url.URL, path string, parts func(Req) (Parts, error), before ...httptransport.RequestFunc,
) endpoint.Endpoint {
	to := newRoute(c, method, base, path)
	return func(ctx context.Context, request any) (any, error) {
		at, body, err := locate(to, parts, request)
		if err != nil {
			return nil, err
		}
		return openLines[T](ctx, at, body, before)
	}
}

func openLines[T any](ctx context.Context, to *target, request any, before []httptransport.RequestFunc) (any, error) {
	resp, err := send(streamContext{ctx}, to, request, before)
	if err != nil {
		return nil, err
	}
	body := newStream(ctx, resp)
	values := transport.NewStream(ctx, readValues[T](ctx, to, body))
	values.OnEnd(func(error) { _ = body.Close() }) // it has been read as far as it is wanted
	return values, nil
}

// readValues is a value for each line of a response.
func readValues[T any](ctx context.Context, to *target, body io.Reader) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		in := lineReader{bufio.NewReader(body)}
		for {
			line, err := in.next()
			if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return
			}
			var v T
			if err == nil {
				err = decodeLine(line, &v)
			}
			if err != nil && ctx.Err() != nil {
				err = ctx.Err() // whose end closes the body, and either may be the first
			}
			if err != nil {
				err = fmt.Errorf("%s: %w", to, err)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// decodeLine is the value of a line, or the error that it is.
func decodeLine(line []byte, v any) error {
	var last lastLine
	if bytes.Contains(line, []byte(`"error"`)) && json.Unmarshal(line, &last) == nil && last.Error != nil {
		return last.Error.failure()
	}
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("decode response: %w", err)
	}
	return nil
}
