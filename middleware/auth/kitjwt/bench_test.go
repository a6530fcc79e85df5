package kitjwt_test

import (
	"testing"

	"github.com/go-kit/kit/endpoint"
	"github.com/golang-jwt/jwt/v5"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/kitjwt"
)

// BenchmarkToken has golang-jwt by itself beside it: the rest is ours.
func BenchmarkToken(b *testing.B) {
	keys := pairs(b)
	for _, alg := range []string{"HS256", "ES256", "EdDSA", "RS256"} {
		k := keys[alg]
		token := sign(b, alg, k.private, nil, good())
		call := auth.New(auth.Config{Verifiers: []auth.Verifier{kitjwt.New(kitjwt.Config{
			Algorithms: []string{alg}, Keys: map[string]any{"": k.public}, Audience: []string{"orders"},
		})}})(endpoint.Nop)
		b.Run(alg, func(b *testing.B) {
			ctx := auth.WithCredentials(b.Context(), bearer(token))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(ctx, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		key := k.public
		if s, ok := key.(auth.Secret); ok {
			key = []byte(s.Reveal())
		}
		b.Run(alg+",golang-jwt", func(b *testing.B) {
			parser := jwt.NewParser(jwt.WithValidMethods([]string{alg}))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parser.ParseWithClaims(token, new(kitjwt.Claims), func(*jwt.Token) (any, error) { return key, nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
