package kithttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// A plain http.Client, of which each request goes to an instance that works.
func ExampleNewRoundTripper() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s of %s", r.URL.Path, r.Host)
	}))
	defer s.Close()
	instances := kitsd.FixedInstancer{"127.0.0.1:1", s.Listener.Addr().String()} // or etcd.NewInstancer(...); nobody is at the first

	pool := lb.NewPool(instances, kithttp.RequestFactory(kithttp.ClientConfig{}), lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
	defer pool.Close()
	again := retry.New(retry.Config{Idempotent: true, Streams: true})
	client := &http.Client{Transport: kithttp.NewRoundTripper(again(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{}))))}
	pool.WaitReady(context.Background())

	resp, err := client.Get("http://users/7")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(string(body), err)
	// Output: /7 of users <nil>
}

// RequestFactory makes what a balancer picks from. One of its endpoints is one
// instance.
func ExampleRequestFactory() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer s.Close()
	call, closer, err := kithttp.RequestFactory(kithttp.ClientConfig{})(s.Listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closer.Close()

	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://users/7", http.NoBody)
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := call(context.Background(), r)
	fmt.Println(response.(*kithttp.Stream).Response.Status, err)
	// Output: 418 I'm a teapot <nil>
}

// A response that is read as it comes.
func ExampleNewStreamEndpoint() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, line := range []string{"one", "two"} {
			fmt.Fprintln(w, line)
			http.NewResponseController(w).Flush()
		}
	}))
	defer s.Close()
	base, err := url.Parse(s.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	open := kithttp.NewStreamEndpoint(s.Client(), http.MethodGet, base, "/lines")

	response, err := open(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	lines := response.(*kithttp.Stream)
	defer lines.Close()
	text := bufio.NewScanner(lines)
	for text.Scan() {
		fmt.Println(text.Text())
	}
	fmt.Println(text.Err())
	// Output:
	// one
	// two
	// <nil>
}
