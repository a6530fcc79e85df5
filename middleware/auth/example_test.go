package auth_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
)

func greet(ctx context.Context, _ any) (any, error) {
	caller, _ := auth.From(ctx)
	return "hello " + caller.ID, nil
}

func ExampleNew() {
	keys := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "billing", Secret: auth.NewSecret("c7a1e9d05b3f4286")}}})
	call := auth.New(auth.Config{Verifiers: []auth.Verifier{keys.Verify}})(greet)

	for _, key := range []string{"c7a1e9d05b3f4286", "a-guess", ""} {
		// authhttp.Extract and authgrpc.Extract do this for every call.
		ctx := auth.WithCredentials(context.Background(), auth.Credentials{APIKey: auth.NewSecret(key)})
		fmt.Println(call(ctx, nil))
	}
	// Output:
	// hello billing <nil>
	// <nil> unauthenticated: unknown API key
	// <nil> unauthenticated: no credentials: no API key
}

// caller is a verifier that knows everybody, for tests of what comes behind it.
func caller(p auth.Principal) auth.Verifier {
	return func(context.Context, auth.Credentials) (*auth.Principal, error) { return &p, nil }
}

func ExampleRequire() {
	for _, id := range []string{"ada", "bob"} {
		call := endpoint.Chain(
			auth.New(auth.Config{Verifiers: []auth.Verifier{caller(auth.Principal{ID: id})}}),
			auth.Require(func(p auth.Principal) bool { return p.ID == "ada" }),
		)(greet)
		fmt.Println(call(context.Background(), nil))
	}
	// Output:
	// hello ada <nil>
	// <nil> forbidden: this caller may not do that
}

func ExampleRequireScopes() {
	guard := auth.New(auth.Config{Verifiers: []auth.Verifier{caller(auth.Principal{ID: "ada", Scopes: []string{"orders:read"}})}})
	_, err := guard(auth.RequireScopes("orders:read", "orders:write")(greet))(context.Background(), nil)
	fmt.Println(errors.Is(err, auth.ErrForbidden), err)
	// Output: true forbidden: it takes the scope orders:read and orders:write
}

func ExampleNewSecret() {
	key := auth.NewSecret("c7a1e9d05b3f4286")
	fmt.Printf("%v %q %x %d\n", key, key, key, len(key.Reveal()))
	// Output: [redacted] [redacted] [redacted] 16
}

func ExamplePrincipal_Has() {
	p := auth.Principal{ID: "ada", Scopes: []string{"orders:read"}}
	fmt.Println(p.Has("orders:read"), p.Has("orders:read", "orders:write"))
	// Output: true false
}
