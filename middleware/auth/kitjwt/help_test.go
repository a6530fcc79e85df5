package kitjwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/kitjwt"
)

// secret is long enough for every HMAC.
var secret = strings.Repeat("0123456789abcdef", 4)

// pairs are keys of each kind: what signs, and what verifies.
type pair struct{ private, public any }

func pairs(tb testing.TB) map[string]pair {
	tb.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	all := map[string]pair{
		"HS256": {[]byte(secret), auth.NewSecret(secret)},
		"RS256": {r, &r.PublicKey},
	}
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			tb.Fatal(err)
		}
		all[alg] = pair{k, &k.PublicKey}
	}
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	all["EdDSA"] = pair{priv, pub}
	for alg, same := range map[string]string{
		"HS384": "HS256", "HS512": "HS256", "RS384": "RS256", "RS512": "RS256", "PS256": "RS256", "PS384": "RS256", "PS512": "RS256",
	} {
		all[alg] = all[same]
	}
	return all
}

func pemOf(tb testing.TB, public any) []byte {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// good are the claims of a token that is all right.
func good() jwt.MapClaims {
	return jwt.MapClaims{
		"sub": "ada", "iss": "https://id.example", "aud": []string{"orders", "shop"}, "scope": "read write",
		"exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
	}
}

func with(changes jwt.MapClaims) jwt.MapClaims {
	c := good()
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func sign(tb testing.TB, alg string, key any, header map[string]any, claims jwt.Claims) string {
	tb.Helper()
	token := jwt.NewWithClaims(jwt.GetSigningMethod(alg), claims)
	maps.Copy(token.Header, header)
	s, err := token.SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func hs256(tb testing.TB, header map[string]any, claims jwt.Claims) string {
	tb.Helper()
	return sign(tb, "HS256", []byte(secret), header, claims)
}

// base is a Config for tokens of hs256.
func base() kitjwt.Config {
	return kitjwt.Config{
		Algorithms: []string{"HS256"},
		Keys:       map[string]any{"": auth.NewSecret(secret)},
		Audience:   []string{"orders"},
		Issuer:     "https://id.example",
	}
}

func bearer(token string) auth.Credentials {
	return auth.Credentials{Scheme: "bearer", Token: auth.NewSecret(token)}
}

func verify(cfg kitjwt.Config, token string) (*auth.Principal, error) {
	return kitjwt.New(cfg)(context.Background(), bearer(token))
}
