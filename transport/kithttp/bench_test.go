package kithttp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// BenchmarkRejection is of a call that a policy of the server turns down.
func BenchmarkRejection(b *testing.B) {
	base := start(b, kithttp.NewServer(returning(nil, busy{time.Second, true}), kithttp.DecodeJSON[sumRequest]), kithttp.Config{})
	call, closer, err := kithttp.Factory(newSum, kithttp.ClientConfig{})(base.Host)
	if err != nil {
		b.Fatal(err)
	}
	defer closer.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := call(b.Context(), sumRequest{A: 1, B: 2}); err == nil {
			b.Fatal("no error")
		}
	}
}

// BenchmarkCall compares NewEndpoint and NewServer with go-kit's client and
// server, each with its own JSON functions, behind the same http.Server; and a
// call that has nothing to tell of itself with one that has a deadline and is
// an attempt.
func BenchmarkCall(b *testing.B) {
	sum := func(_ context.Context, request any) (any, error) {
		r := request.(sumRequest)
		return sumResponse{r.A + r.B}, nil
	}
	goKitDecode := func(_ context.Context, r *http.Request) (any, error) {
		var request sumRequest
		err := json.NewDecoder(r.Body).Decode(&request)
		return request, err
	}
	goKitClient := func(base *url.URL, c *http.Client) endpoint.Endpoint {
		return httptransport.NewClient("POST", base.JoinPath("/sum"), httptransport.EncodeJSONRequest, func(_ context.Context, r *http.Response) (any, error) {
			var response sumResponse
			err := json.NewDecoder(r.Body).Decode(&response)
			return response, err
		}, httptransport.SetClient(c)).Endpoint()
	}
	told := attempt.StartWith(b.Context(), attempt.Options{Timeout: time.Hour, Left: 1})
	defer told.End()
	for name, v := range map[string]struct {
		ctx    context.Context
		server http.Handler
		client func(*url.URL, *http.Client) endpoint.Endpoint
	}{
		"kithttp":      {b.Context(), kithttp.NewServer(sum, kithttp.DecodeJSON[sumRequest]), newSum},
		"kithttp,told": {told, kithttp.NewServer(sum, kithttp.DecodeJSON[sumRequest]), newSum},
		"go-kit":       {b.Context(), httptransport.NewServer(sum, goKitDecode, httptransport.EncodeJSONResponse), goKitClient},
	} {
		b.Run(name, func(b *testing.B) {
			call, closer, err := kithttp.Factory(v.client, kithttp.ClientConfig{})(start(b, v.server, kithttp.Config{}).Host)
			if err != nil {
				b.Fatal(err)
			}
			defer closer.Close()
			b.ReportAllocs()
			for b.Loop() {
				if got, err := call(v.ctx, sumRequest{A: 1, B: 2}); err != nil || got != (sumResponse{3}) {
					b.Fatal(got, err)
				}
			}
		})
	}
}
