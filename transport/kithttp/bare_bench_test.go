package kithttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kitgen/kitgen/transport/kithttp"
)

// BenchmarkBare is BenchmarkCall's call, with many callers at once, beside the same by
// net/http and encoding/json alone: what the parts of this package cost.
func BenchmarkBare(b *testing.B) {
	ours := func(b *testing.B) func(context.Context) error {
		base := start(b, kithttp.NewServer(func(_ context.Context, request any) (any, error) {
			r := request.(sumRequest)
			return sumResponse{r.A + r.B}, nil
		}, kithttp.DecodeJSON[sumRequest]), kithttp.Config{})
		call, closer, err := kithttp.Factory(newSum, kithttp.ClientConfig{MaxIdleConnsPerHost: 256})(base.Host)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = closer.Close() })
		return func(ctx context.Context) error { return want3(call(ctx, sumRequest{A: 1, B: 2})) }
	}
	roundTripper := func(b *testing.B) func(context.Context) error {
		base := start(b, http.HandlerFunc(bareSum), kithttp.Config{})
		call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{MaxIdleConnsPerHost: 256})(base.Host)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = closer.Close() })
		return bareCall(&http.Client{Transport: kithttp.NewRoundTripper(call)}, "http://sum/")
	}
	bare := func(b *testing.B) func(context.Context) error {
		l := listen(b)
		s := &http.Server{Handler: http.HandlerFunc(bareSum)}
		var wg sync.WaitGroup
		wg.Go(func() { _ = s.Serve(l) })
		b.Cleanup(func() { _ = s.Close(); wg.Wait() })
		tr := &http.Transport{MaxIdleConnsPerHost: 256}
		b.Cleanup(tr.CloseIdleConnections)
		return bareCall(&http.Client{Transport: tr}, baseOf(l, "http").String())
	}
	for _, callers := range []int{1, 128} {
		for _, v := range []struct {
			name string
			new  func(*testing.B) func(context.Context) error
		}{{"bare", bare}, {"kithttp", ours}, {"RoundTripper", roundTripper}} {
			b.Run(fmt.Sprintf("%s/%d", v.name, callers), func(b *testing.B) {
				call := v.new(b)
				b.ReportAllocs()
				if callers == 1 {
					for b.Loop() {
						if err := call(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
					return
				}
				var left atomic.Int64
				left.Store(int64(b.N))
				var wg sync.WaitGroup
				b.ResetTimer()
				for range callers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							if err := call(b.Context()); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}

func want3(response any, err error) error {
	if err == nil && response != (sumResponse{3}) {
		err = fmt.Errorf("got %v", response)
	}
	return err
}

// bareSum reads and writes as the parts of this package do, in one piece.
func bareSum(w http.ResponseWriter, r *http.Request) {
	var request sumRequest
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &request) != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	body, err = json.Marshal(sumResponse{request.A + request.B})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

func bareCall(c *http.Client, target string) func(context.Context) error {
	return func(ctx context.Context) error {
		body, err := json.Marshal(sumRequest{A: 1, B: 2})
		if err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(r)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err = io.ReadAll(resp.Body); err != nil {
			return err
		}
		var response sumResponse
		if err := json.Unmarshal(body, &response); err != nil {
			return err
		}
		return want3(response, nil)
	}
}
