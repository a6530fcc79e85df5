// Package stub brings instances and balancers to plain gRPC code: to the stubs
// that protoc generates, on a connection that grpc.NewClient makes.
//
//	stub.Register() // once, first thing in main
//
//	opts, err := stub.Dial(stub.Config{Schemes: []sd.Scheme{etcd.Scheme(etcd.Config{})}})
//	cc, err := grpc.NewClient("etcd://10.0.0.1:2379/addsvc", append(opts, grpc.WithTransportCredentials(creds))...)
//	client := pb.NewAddClient(cc)
//
// The target is one of package sd, the balancer one of package lb: kit_adaptive,
// kit_round_robin and so on in gRPC's service config, with outlier ejection, and
// without xDS. What a service config says of retries holds over them, and so do
// the policies of middleware.Client.
//
// It speaks gRPC's interfaces for resolvers and balancers, which gRPC calls
// experimental, so this is where a new version of gRPC may need work. Endpoints of
// package kitgrpc do not depend on these, and have a breaker per instance, which
// is not possible here: the policies are outside of gRPC's own picking.
package stub
