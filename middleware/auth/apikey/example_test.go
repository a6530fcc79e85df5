package apikey_test

import (
	"context"
	"fmt"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
)

func ExampleNew() {
	keys := apikey.New(apikey.Config{Keys: []apikey.Key{{
		ID:     "billing",
		SHA256: "b5bdbd1ddc4c24ca9ce1e77d12e0fbb7a6e4c6f5ab5f9dbd5b4dd0a4f7cdf0ab", // sha256sum of the key
		Scopes: []string{"orders:read"},
	}}})
	_, err := keys.Verify(context.Background(), auth.Credentials{APIKey: auth.NewSecret("a guess")})
	fmt.Println(err)
	// Output: unauthenticated: unknown API key
}

func ExampleRing_Set() {
	shown := auth.Credentials{APIKey: auth.NewSecret("9d3f0b6a7c2e4158")}
	keys := apikey.New(apikey.Config{})
	_, err := keys.Verify(context.Background(), shown)
	fmt.Println(err)

	err = keys.Set([]apikey.Key{{ID: "billing", Secret: auth.NewSecret("9d3f0b6a7c2e4158")}})
	caller, _ := keys.Verify(context.Background(), shown)
	fmt.Println(caller.ID, err)
	// Output:
	// unauthenticated: unknown API key
	// billing <nil>
}

func ExampleConfig_Validate() {
	fmt.Println(apikey.Config{Keys: []apikey.Key{{ID: "billing", Secret: auth.NewSecret("swordfish")}}}.Validate())
	// Output: apikey: Config.Keys[0].Secret has 9 bytes: want 16 to 512
}
