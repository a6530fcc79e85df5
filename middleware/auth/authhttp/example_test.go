package authhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
	"github.com/kitgen/kitgen/middleware/auth/authhttp"
)

func ExampleExtract() {
	keys := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "billing", Secret: auth.NewSecret("c7a1e9d05b3f4286")}}})
	call := auth.New(auth.Config{Verifiers: []auth.Verifier{keys.Verify}})(func(ctx context.Context, _ any) (any, error) {
		caller, _ := auth.From(ctx)
		return caller.ID, nil
	})

	extract := authhttp.Extract(authhttp.ExtractConfig{}) // pass it to go-kit's http.ServerBefore
	r := httptest.NewRequest(http.MethodGet, "/orders", nil)
	r.Header.Set("X-Api-Key", "c7a1e9d05b3f4286")
	fmt.Println(call(extract(context.Background(), r), nil))
	// Output: billing <nil>
}

func ExampleAttach() {
	source := func(context.Context) (string, error) { return "a-token", nil }
	attach := authhttp.Attach(authhttp.AttachConfig{Token: source}) // pass it to go-kit's http.ClientBefore

	for _, url := range []string{"https://orders.internal", "http://orders.internal"} {
		r := httptest.NewRequest(http.MethodGet, url, nil)
		ctx := attach(context.Background(), r)
		fmt.Printf("%q %v\n", r.Header.Get("Authorization"), errors.Is(context.Cause(ctx), authhttp.ErrPlaintext))
	}
	// Output:
	// "Bearer a-token" false
	// "" true
}

func ExampleAttachConfig_Validate() {
	fmt.Println(authhttp.AttachConfig{}.Validate())
	// Output: authhttp: AttachConfig.Token is nil: want a function that returns a token
}

func ExampleExtractConfig_Validate() {
	fmt.Println(authhttp.ExtractConfig{APIKeyHeader: "API key"}.Validate())
	// Output: authhttp: ExtractConfig.APIKeyHeader is "API key": want a header's name, or nothing for X-API-Key
}
