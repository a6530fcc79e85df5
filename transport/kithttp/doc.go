// Package kithttp is HTTP for go-kit endpoints and for plain handlers and clients,
// made whole: servers with limits, clients that look at the status, errors that
// arrive as they were sent, and streams that do not look whole when they were cut.
//
//	server:  kithttp.Server(l, mux, kithttp.Config{})           → transport.Serve; mux is any http.Handler
//	         mux.Handle("POST /sum", kithttp.NewServer(endpoint, kithttp.DecodeJSON[SumRequest]))
//	         mux.Handle("/", kithttp.NoRoute(mux)) // 404 and 405 as problem+json
//	client:  kithttp.Factory(newClient, kithttp.ClientConfig{}) → lb.NewPool
//	         kithttp.NewEndpoint[SumResponse](c, "POST", base, "/sum")
//	         kithttp.NewRouteEndpoint[User](c, "GET", base, "/users/{id}", userParts) // package params is its other side
//	         kithttp.NewStreamEndpoint(c, "GET", base, "/lines"), whose response is a *Stream
//	         kithttp.RequestFactory(kithttp.ClientConfig{})     → lb.NewPool, for requests that are HTTP already:
//	         http.Client{Transport: kithttp.NewRoundTripper(call)}
//	proxy:   kithttp.NewProxy(roundTripper, kithttp.ProxyConfig{})
//	load:    kithttp.Load(mux, nil)                             → lb.NewProbing, at the clients
//
// Errors travel as RFC 9457 problem+json with a "code" member; *Error is both
// what a service returns and what its client's call returns. Beside it, in
// headers, the two sides tell each other what policies go by:
//
//	client → server   Kit-Timeout-Ms: 250              the caller waits so long: SendCall, ReceiveCall
//	                  Kit-Attempt: n=2, left=1         who retries it already
//	server → client   Kit-Retry-Pushback-Ms: 1500      when to come again, -1 for never: EncodeError
//	                  Retry-After: 2                   the same for everybody else
//	                  Kit-Load: rif=3, latency=12000us how busy it is: Load
//	                  Kit-Draining: true               it leaves, take the next call elsewhere: Server
//
// All of it is advice: what is missing, or cannot be read, fails no call.
//
// Everything is a go-kit or net/http type, so any part is replaced by handing
// in another. The package deliberately has no router and no content negotiation;
// between services it follows neither proxy settings nor redirects.
package kithttp
