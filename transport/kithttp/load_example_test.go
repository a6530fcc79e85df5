package kithttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/kitgen/kitgen/transport/kithttp"
)

// A server that says how busy it is, and a client that asks, as lb.Probing does.
func ExampleLoad() {
	meter := new(kithttp.Meter)
	s := httptest.NewServer(kithttp.Load(http.NotFoundHandler(), meter)) // or kithttp.Server(l, kithttp.Load(...), ...)
	defer s.Close()

	base, _ := url.Parse(s.URL)
	inFlight, latency, err := kithttp.Probe(context.Background(), s.Client(), base)
	fmt.Println(inFlight, latency, err)
	// Output: 0 0s <nil>
}
