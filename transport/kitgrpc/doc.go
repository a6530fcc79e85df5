// Package kitgrpc is gRPC for go-kit endpoints, made whole: servers that say when
// they leave and whose health is the process's readiness, one connection per
// instance, and errors that arrive as they were sent.
//
//	server:  s := kitgrpc.NewServer(kitgrpc.Config{Logger: logger})
//	         pb.RegisterAddServer(s, service)
//	         s.On(l)                                    → transport.Serve
//	client:  kitgrpc.Factory(newEndpoint, opts...)      → lb.NewPool
//	load:    kitgrpc.Config{Load: m}                    → lb.NewProbing, at the clients
//	         kitgrpc.Config{Utilization: f}             → gRPC's weighted_round_robin, at the clients
//	go-kit:  kitgrpc.NewHandler, kitgrpc.NewEndpoint    between generated methods and endpoints
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
//	                  kit-draining: true               that it leaves, and the next call should go elsewhere
//	                  endpoint-load-metrics-bin        how busy it is, in ORCA's form
//
// What a server does with what is too much, where Config says nothing else:
//
//	a message of more than 4 MiB       ResourceExhausted; *Error's message has the mend
//	metadata of more than 64 KiB       the call is refused before its handler
//	more than 1024 calls of one        the next ones wait, at the client
//	connection at once
//	more connections than a quarter    reset before a call is sent, so that it goes elsewhere
//	of the files it may open
//	no handshake within 10 s           closed; at once when the server stops
//	pings more often than 5 s          GOAWAY, too_many_pings
//	nothing heard for a minute         pinged; closed 10 s later
//
// While the server leaves (transport.Server.SetReady(false) and later):
//
//	unready    answers say kit-draining; health is NOT_SERVING
//	drain      GOAWAY: no new calls; calls go on; streams of health and reflection end
//	+ grace    streams end: Unavailable, come again at once (transport.ErrStopping)
//	+ half of  streams whose handlers go on regardless are told the same
//	what is left
//	forced     connections close
//
// That a server sends GOAWAY is no sign that it leaves: one that bounds how long
// connections live does so all day, and its clients come back to it.
//
// Everything is a go-kit or grpc type. The package deliberately has no codec and,
// but for probes of load, no service descriptors of its own: stubs are generated,
// by kitgen or by protoc. Streams have no endpoints: go-kit's are of one request
// and one response.
package kitgrpc
