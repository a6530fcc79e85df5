package authgrpc_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
	"github.com/kitgen/kitgen/middleware/auth/authgrpc"
)

func ExampleExtract() {
	keys := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "billing", Secret: auth.NewSecret("c7a1e9d05b3f4286")}}})
	call := auth.New(auth.Config{Verifiers: []auth.Verifier{keys.Verify}})(func(ctx context.Context, _ any) (any, error) {
		caller, _ := auth.From(ctx)
		return caller.ID, nil
	})

	extract := authgrpc.Extract(authgrpc.ExtractConfig{}) // pass it to go-kit's grpc.ServerBefore
	md := metadata.Pairs("x-api-key", "c7a1e9d05b3f4286")
	fmt.Println(call(extract(context.Background(), md), nil))
	// Output: billing <nil>
}

func ExampleServerOptions() {
	keys := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "billing", Secret: auth.NewSecret("c7a1e9d05b3f4286")}}})
	s := grpc.NewServer(authgrpc.ServerOptions(authgrpc.ServerConfig{
		Guard:  auth.New(auth.Config{Verifiers: []auth.Verifier{keys.Verify}}),
		Public: func(method string) bool { return method == "/grpc.health.v1.Health/Check" },
	})...)
	defer s.Stop()
	fmt.Println("every other method asks who calls")
	// Output: every other method asks who calls
}

func ExampleAttach() {
	source := func(context.Context) (string, error) { return "a-token", nil }
	creds := authgrpc.Attach(authgrpc.AttachConfig{Token: source}) // pass it to grpc.WithPerRPCCredentials
	fmt.Println(creds.RequireTransportSecurity())

	creds = authgrpc.Attach(authgrpc.AttachConfig{Token: source, Plaintext: true})
	fmt.Println(creds.GetRequestMetadata(context.Background()))
	// Output:
	// true
	// map[authorization:Bearer a-token] <nil>
}
