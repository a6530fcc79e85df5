package kitjwt_test

import (
	"context"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/kitjwt"
)

func ExampleNew() {
	key := "a-secret-of-32-bytes-or-more-for-HS256"
	tokens := kitjwt.New(kitjwt.Config{
		Algorithms: []string{"HS256"},
		Keys:       map[string]any{"2026-05": auth.NewSecret(key)},
		Audience:   []string{"orders"},
	})
	call := auth.New(auth.Config{Verifiers: []auth.Verifier{tokens}})(func(ctx context.Context, _ any) (any, error) {
		caller, _ := auth.From(ctx)
		return fmt.Sprintf("%s may %v", caller.ID, caller.Scopes), nil
	})

	for _, audience := range []string{"orders", "billing"} {
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"sub": "ada", "aud": audience, "scope": "read write", "exp": time.Now().Add(time.Hour).Unix(),
		})
		token.Header["kid"] = "2026-05"
		signed, err := token.SignedString([]byte(key))
		if err != nil {
			panic(err)
		}
		ctx := auth.WithCredentials(context.Background(), auth.Credentials{Scheme: "bearer", Token: auth.NewSecret(signed)})
		fmt.Println(call(ctx, nil))
	}
	// Output:
	// ada may [read write] <nil>
	// <nil> unauthenticated: the token is for another audience
}

// shopClaims are claims of a type of your own.
type shopClaims struct {
	kitjwt.Claims
	Tenant string `json:"tenant"`
}

func ExampleClaimsOf() {
	key := "a-secret-of-32-bytes-or-more-for-HS256"
	guard := auth.New(auth.Config{Verifiers: []auth.Verifier{kitjwt.New(kitjwt.Config{
		Algorithms: []string{"HS256"},
		Keys:       map[string]any{"": auth.NewSecret(key)},
		Audience:   []string{"shop"},
		NewClaims:  func() jwt.Claims { return new(shopClaims) },
	})}})
	call := guard(func(ctx context.Context, _ any) (any, error) {
		claims, _ := kitjwt.ClaimsOf[*shopClaims](ctx)
		return claims.Tenant, nil
	})
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "ada", "aud": "shop", "tenant": "blue", "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte(key))
	if err != nil {
		panic(err)
	}
	fmt.Println(call(auth.WithCredentials(context.Background(), auth.Credentials{Scheme: "bearer", Token: auth.NewSecret(signed)}), nil))
	// Output: blue <nil>
}

func ExampleConfig_Validate() {
	fmt.Println(kitjwt.Config{
		Algorithms:  []string{"RS256", "HS256"},
		Keys:        map[string]any{"": auth.NewSecret("key")},
		AnyAudience: true,
	}.Validate())
	// Output: kitjwt: Config.Algorithms has HS256 beside RS256: want a verifier for HMAC and one for public keys
}
