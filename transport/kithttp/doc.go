// Package kithttp is JSON over HTTP for go-kit endpoints, made whole: servers
// with limits, clients that look at the status, and errors that arrive as they
// were sent.
//
//	server:  kithttp.Server(l, mux, kithttp.Config{})          → transport.Serve
//	         mux.Handle("POST /sum", kithttp.NewServer(endpoint, kithttp.DecodeJSON[SumRequest]))
//	client:  kithttp.Factory(newClient, kithttp.ClientConfig{}) → lb.NewPool
//	         kithttp.NewEndpoint[SumResponse](c, "POST", base, "/sum")
//	load:    kithttp.Load(mux, nil)                             → lb.NewProbing, at the clients
//
// Errors travel as RFC 9457 problem+json with a "code" member; *Error is both
// what a service returns and what its client's call returns.
//
// Everything is a go-kit or net/http type, so any part is replaced by handing
// in another. The package deliberately has no router, no streaming and no
// content negotiation; it follows no proxy settings between services.
package kithttp
