// Package authgrpc carries credentials over gRPC: it reads those of a call in
// the server, and adds them to calls in the client.
//
//	go-kit server:  grpctransport.ServerBefore(authgrpc.Extract(authgrpc.ExtractConfig{}))
//	guarded within: grpc.NewServer(authgrpc.ExtractOptions(authgrpc.ExtractConfig{})...)
//	bare server:    grpc.NewServer(authgrpc.ServerOptions(authgrpc.ServerConfig{Guard: guard})...)
//	client:         grpc.WithPerRPCCredentials(authgrpc.Attach(authgrpc.AttachConfig{Token: source}))
//
// With go-kit, the guard (auth.New, auth.Require) is around the endpoint. Bare
// services, and streams, which no endpoint sees, have it in the interceptors.
// They can be options of a kitgrpc.NewServer, too.
//
// A stream is guarded when it begins. It deliberately is not ended when its
// token expires: bound how long streams last with keepalive's MaxConnectionAge.
package authgrpc
