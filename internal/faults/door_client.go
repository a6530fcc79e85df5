package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// clientDoor is a plain http.Client. Its calls are not idempotent: none may reach a
// second instance, and none may need to.
func clientDoor() door {
	return door{name: "client", who: "an http.Client", wire: overHTTP, open: func(_ *trial, _ string, instances *sd.Instancer) entrance {
		pool := newPool(instances, kithttp.RequestFactory(clientConfig()))
		client := &http.Client{Transport: kithttp.NewRoundTripper(picked(pool, retry.Config{Streams: true}))}
		return entrance{
			pool:  pool,
			close: pool.Close,
			call:  func(ctx context.Context) (string, error) { return post(ctx, client) },
			watch: func(ctx context.Context) (stream, error) {
				resp, err := do(lb.Untimed(ctx), client, http.MethodGet, "/watch") //nolint:bodyclose // its reader reads it to its end, which comes with that of ctx
				if err != nil {
					return nil, err
				}
				return newLines(resp.Body), nil
			},
		}
	}}
}

func post(ctx context.Context, c *http.Client) (id string, err error) {
	resp, err := do(ctx, c, http.MethodPost, "/call")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return "", err
	}
	return a.ID, nil
}

// do returns a response of status 200.
func do(ctx context.Context, c *http.Client, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+service+path, strings.NewReader("{}"))
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close() // the status says it all
		return nil, fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return resp, nil
}
