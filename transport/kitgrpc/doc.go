// Package kitgrpc is gRPC for go-kit endpoints, made whole: servers whose
// health is the process's readiness, one connection per instance, and errors
// that arrive as they were sent.
//
//	server:  s := grpc.NewServer(kitgrpc.ServerOptions(logger)...)
//	         kitgrpc.Server(l, s, kitgrpc.Config{})          → transport.Serve
//	client:  kitgrpc.Factory(newEndpoint, opts...)           → lb.NewPool
//	load:    kitgrpc.LoadOptions(m), kitgrpc.RegisterLoad    → lb.NewProbing, at the clients
//
// Errors travel as a gRPC status, with an errdetails.ErrorInfo where the
// status cannot say it all. A client's error is an *Error, which unwraps to
// the same *transport.Error that an HTTP client gets. Beside it, in metadata, the
// two sides tell each other what policies go by, of which gRPC itself has the
// deadline (grpc-timeout):
//
//	client → server   kit-attempt: n=2, left=1         who retries it already
//	server → client   grpc-retry-pushback-ms: 1500     when to come again, -1 for never
//	                  kit-load: rif=3, latency=12000us how busy it is
//
// Everything is a go-kit or grpc type. The package deliberately has no codec and,
// but for probes of load, no service descriptors of its own: stubs are generated,
// by kitgen or by protoc.
package kitgrpc
