package kitjwt_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kitgen/kitgen/middleware/auth/kitjwt"
)

// FuzzVerify changes a good token: no other spelling of it may pass, and
// nothing may panic, whether claims are ours or a map.
func FuzzVerify(f *testing.F) {
	token := hs256(f, map[string]any{"kid": "k1"}, jwt.MapClaims{
		"sub": "ada", "iss": "https://id.example", "aud": "orders", "exp": 4102444800, // 2100: the processes that fuzz must sign the same token
	})
	part := strings.Split(token, ".")
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, seed := range []string{
		token, token + "=", part[0] + "." + part[1] + ".", "..", ".", "", strings.Repeat(".", 100),
		encode(`{"alg":"none"}`) + "." + part[1] + ".",
		encode(`{"alg":"HS256","kid":[]}`) + "." + encode(`null`) + "." + part[2],
		encode(`null`) + "." + encode(`[]`) + "." + part[2],
		encode(`{"alg":"ES256","jwk":{},"crit":null}`) + "." + encode(`{"exp":1e400}`) + "." + part[2],
		encode(strings.Repeat("[", 4000)) + "." + part[1] + "." + part[2],
	} {
		f.Add(seed)
	}
	mapped := base()
	mapped.NewClaims = func() jwt.Claims { return jwt.MapClaims{} }
	f.Fuzz(func(t *testing.T, s string) {
		for _, cfg := range []kitjwt.Config{base(), mapped} {
			p, err := verify(cfg, s)
			if (err == nil) != (s == token) || (p == nil) == (err == nil) {
				t.Errorf("%q: %+v %v", s, p, err)
			}
		}
	})
}

// FuzzClaims signs any claims and any header: the issuer's mistakes must not
// panic either, nor make a caller without a name.
func FuzzClaims(f *testing.F) {
	f.Add(`{"kid":"a"}`, `{"sub":"ada","exp":9999999999,"aud":"orders"}`)
	f.Add(`{"kid":1}`, `{"sub":"","exp":1e300,"nbf":-1e300,"aud":["orders",1]}`)
	f.Add(`{"crit":[]}`, `null`)
	f.Add(`{"typ":[]}`, `{"exp":null,"scope":{"a":1},"scp":[1]}`)
	f.Add(`{}`, `{"exp":9999999999,"sub":"a","aud":"orders","scope":"`+strings.Repeat("a ", 999)+`"}`)
	cfg := base()
	cfg.Issuer = ""
	cfg.Required = []string{"tenant"}
	mapped := cfg
	mapped.NewClaims = func() jwt.Claims { return jwt.MapClaims{} }
	f.Fuzz(func(t *testing.T, header, claims string) {
		if strings.HasPrefix(header, "{") {
			header = `{"alg":"HS256",` + strings.TrimPrefix(strings.TrimSuffix(header, "}"), "{") + `}`
			header = strings.Replace(header, ",}", "}", 1)
		}
		text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		sig, err := jwt.SigningMethodHS256.Sign(text, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		for _, cfg := range []kitjwt.Config{cfg, mapped} {
			p, err := verify(cfg, text+"."+base64.RawURLEncoding.EncodeToString(sig))
			if (p == nil) == (err == nil) || p != nil && p.ID == "" {
				t.Errorf("%s %s: %+v %v", header, claims, p, err)
			}
		}
	})
}
