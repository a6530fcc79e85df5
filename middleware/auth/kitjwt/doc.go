// Package kitjwt knows callers by JSON Web Tokens (RFC 7519), which golang-jwt
// parses and verifies.
//
//	tokens := kitjwt.New(kitjwt.Config{
//		Algorithms: []string{"ES256"},
//		Keys:       map[string]any{"2026-05": publicKey},
//		Issuer:     "https://id.example",
//		Audience:   []string{"orders"},
//	})
//	guard := auth.New(auth.Config{Verifiers: []auth.Verifier{tokens}})
//
// It follows RFC 8725, the best current practice:
//
//   - The algorithms are named in Config, and "none" cannot be. Every key fits
//     one kind of algorithm by its type, so that a public key is never taken
//     for an HMAC secret, and the token has no say in it.
//   - Keys come from Config alone. What a token says of keys (jwk, jku, x5u,
//     x5c) is not looked at, and a token with extensions that must be
//     understood (crit) is refused.
//   - A token without exp, or without sub, is refused, and so is one for
//     another audience. Which audience is asked must be said.
//
// A token is taken from the Authorization header with the scheme Bearer. To
// extend it, give NewClaims a claims type of your own: its method Validate, if
// there is one, is called, and ClaimsOf returns it. For keys that change, such
// as those of a JWKS document, write a KeyFunc.
//
// It deliberately fetches nothing, issues no tokens, decrypts none (JWE), and
// remembers none: a token is good until it expires.
package kitjwt
