package kitjwt_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/kitjwt"
)

func TestEveryAlgorithm(t *testing.T) {
	keys := pairs(t)
	for alg, k := range keys {
		cfg := kitjwt.Config{Algorithms: []string{alg}, Keys: map[string]any{"": k.public}, AnyAudience: true}
		p, err := verify(cfg, sign(t, alg, k.private, nil, good()))
		if err != nil || p.ID != "ada" || p.Method != "jwt" || p.Issuer != "https://id.example" || !p.Has("read", "write") {
			t.Errorf("%s: %+v %v", alg, p, err)
		}
		for other, o := range keys {
			if other == alg {
				continue
			}
			if p, err := verify(cfg, sign(t, other, o.private, nil, good())); err == nil {
				t.Errorf("%s takes a token of %s: %+v", alg, other, p)
			}
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	token := hs256(t, nil, good())
	part := strings.Split(token, ".")
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, tt := range []struct{ name, token, reason string }{
		{"no signature", part[0] + "." + part[1] + ".", "signature"},
		{"alg none", encode(`{"alg":"none"}`) + "." + part[1] + ".", "signature"},
		{"alg None", encode(`{"alg":"None"}`) + "." + part[1] + ".", "cannot be verified"},
		{"alg none that is signed", encode(`{"alg":"none"}`) + "." + part[1] + "." + part[2], "signature"},
		{"no alg", encode(`{}`) + "." + part[1] + "." + part[2], "cannot be verified"},
		{"alg of another type", encode(`{"alg":7}`) + "." + part[1] + "." + part[2], "cannot be verified"},
		{"another alg of the same key", sign(t, "HS512", []byte(secret), nil, good()), "signature"},
		{"another key", sign(t, "HS256", []byte(strings.Repeat("x", 32)), nil, good()), "signature"},
		{"an empty key", sign(t, "HS256", []byte{}, nil, good()), "signature"},
		{"other claims", part[0] + "." + encode(`{"sub":"root","exp":9999999999}`) + "." + part[2], "signature"},
		{"a second spelling", token + "=", "malformed"},
		{"a part too many", token + "." + part[2], "malformed"},
		{"a part too few", part[0] + "." + part[1], "malformed"},
		{"words", "not a token", "malformed"},
		{"long", strings.Repeat("a", 8<<10+1), "too long"},
		{"no exp", hs256(t, nil, with(jwt.MapClaims{"exp": nil})), "lacks a claim"},
		{"exp zero", hs256(t, nil, with(jwt.MapClaims{"exp": 0})), "expired"},
		{"exp a word", hs256(t, nil, with(jwt.MapClaims{"exp": "never"})), "malformed"},
		{"another issuer", hs256(t, nil, with(jwt.MapClaims{"iss": "https://id.example.evil"})), "another issuer"},
		{"no issuer", hs256(t, nil, with(jwt.MapClaims{"iss": nil})), "lacks a claim"},
		{"another audience", hs256(t, nil, with(jwt.MapClaims{"aud": "shop"})), "another audience"},
		{"no audience", hs256(t, nil, with(jwt.MapClaims{"aud": nil})), "lacks a claim"},
		{"no sub", hs256(t, nil, with(jwt.MapClaims{"sub": nil})), "no sub"},
		{"an empty sub", hs256(t, nil, with(jwt.MapClaims{"sub": ""})), "no sub"},
		{"sub a number", hs256(t, nil, with(jwt.MapClaims{"sub": 7})), "malformed"},
		{"scope a number", hs256(t, nil, with(jwt.MapClaims{"scope": 7})), "malformed"},
		{"crit", hs256(t, map[string]any{"crit": []string{"b64"}, "b64": false}, good()), "extensions"},
		{"kid a number", hs256(t, map[string]any{"kid": 7}, good()), "key is not known"},
		{"a long kid", hs256(t, map[string]any{"kid": strings.Repeat("k", 257)}, good()), "key is not known"},
	} {
		p, err := verify(base(), tt.token)
		if p != nil || !errors.Is(err, auth.ErrUnauthenticated) || errors.Is(err, auth.ErrMissing) {
			t.Errorf("%s: %+v %v", tt.name, p, err)
			continue
		}
		if !strings.Contains(err.Error(), tt.reason) {
			t.Errorf("%s: %v, want a word of %q", tt.name, err, tt.reason)
		}
		if strings.Contains(err.Error(), tt.token) {
			t.Errorf("%s: the error repeats the token", tt.name)
		}
	}
	if _, err := verify(base(), token); err != nil {
		t.Errorf("the token itself: %v", err)
	}
}

// TestKeyConfusion signs with what everybody knows, the public key, as if it
// were an HMAC secret.
func TestKeyConfusion(t *testing.T) {
	rsa := pairs(t)["RS256"]
	forged := sign(t, "HS256", pemOf(t, rsa.public), nil, good())
	cfg := kitjwt.Config{Algorithms: []string{"RS256"}, Keys: map[string]any{"": rsa.public}, AnyAudience: true}
	if p, err := verify(cfg, forged); err == nil {
		t.Errorf("took a forged token: %+v", p)
	}
	for name, key := range map[string]any{
		"PEM as a secret": auth.NewSecret(string(pemOf(t, rsa.public))), "PEM as bytes": pemOf(t, rsa.public), "public key": rsa.public,
	} {
		hmac := kitjwt.Config{Algorithms: []string{"HS256"}, Keys: map[string]any{"": key}, AnyAudience: true}
		if err := hmac.Validate(); err == nil {
			t.Errorf("%s is taken for an HMAC secret", name)
		}
		hmac.Keys, hmac.KeyFunc = nil, func(context.Context, string) (any, error) { return key, nil }
		if p, err := verify(hmac, forged); err == nil {
			t.Errorf("%s, from KeyFunc, is taken for an HMAC secret: %+v", name, p)
		}
	}
}

func TestKeysByKid(t *testing.T) {
	keys := pairs(t)
	cfg := kitjwt.Config{Algorithms: []string{"ES256", "EdDSA"}, AnyAudience: true, Keys: map[string]any{
		"a": keys["ES256"].public, "b": keys["EdDSA"].public,
	}}
	kid := func(k string) map[string]any { return map[string]any{"kid": k} }
	for name, tt := range map[string]struct {
		token string
		ok    bool
	}{
		"its own key":              {sign(t, "ES256", keys["ES256"].private, kid("a"), good()), true},
		"its own key, the other":   {sign(t, "EdDSA", keys["EdDSA"].private, kid("b"), good()), true},
		"the other's name":         {sign(t, "ES256", keys["ES256"].private, kid("b"), good()), false},
		"a name that is not there": {sign(t, "ES256", keys["ES256"].private, kid("c"), good()), false},
		"no name":                  {sign(t, "ES256", keys["ES256"].private, nil, good()), false},
	} {
		if p, err := verify(cfg, tt.token); tt.ok != (err == nil) {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
	cfg.Keys[""] = keys["ES256"].public
	for _, header := range []map[string]any{nil, kid("c")} {
		if _, err := verify(cfg, sign(t, "ES256", keys["ES256"].private, header, good())); err != nil {
			t.Errorf("the key for all others, %v: %v", header, err)
		}
	}
}

func TestKeyFunc(t *testing.T) {
	errFetch := errors.New("fetch keys: refused")
	cfg := base()
	cfg.Keys = nil
	cfg.KeyFunc = func(ctx context.Context, kid string) (any, error) {
		switch kid {
		case "good":
			return auth.NewSecret(secret), ctx.Err()
		case "short":
			return auth.NewSecret("short"), nil
		case "down":
			return nil, errFetch
		}
		return nil, nil
	}
	for kid, want := range map[string]error{"good": nil, "short": auth.ErrUnauthenticated, "unknown": auth.ErrUnauthenticated, "down": errFetch} {
		_, err := verify(cfg, hs256(t, map[string]any{"kid": kid}, good()))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", kid, err, want)
		}
		if _, rejected := errors.AsType[*auth.Error](err); kid == "down" && rejected {
			t.Error("a key that could not be fetched looks like a token that will not do")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := kitjwt.New(cfg)(ctx, bearer(hs256(t, map[string]any{"kid": "good"}, good()))); !errors.Is(err, context.Canceled) {
		t.Errorf("KeyFunc does not see the call's context: %v", err)
	}
	asked := false
	cfg.KeyFunc = func(context.Context, string) (any, error) { asked = true; return nil, nil }
	_, _ = verify(cfg, sign(t, "HS512", []byte(secret), nil, good()))
	if asked {
		t.Error("asked for the key of an algorithm that is not allowed")
	}
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := base()
		strict := base()
		strict.Leeway = -1
		token := hs256(t, nil, with(jwt.MapClaims{
			"nbf": time.Now().Add(time.Minute).Unix(), "exp": time.Now().Add(2 * time.Minute).Unix(),
		}))
		for _, step := range []struct {
			after        time.Duration
			withLeeway   error
			withoutError error
		}{
			{0, jwt.ErrTokenNotValidYet, jwt.ErrTokenNotValidYet},
			{31 * time.Second, nil, jwt.ErrTokenNotValidYet},
			{61 * time.Second, nil, nil},
			{121 * time.Second, nil, jwt.ErrTokenExpired},
			{151 * time.Second, jwt.ErrTokenExpired, jwt.ErrTokenExpired},
		} {
			start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where bubbles begin
			time.Sleep(time.Until(start.Add(step.after)))
			if _, err := verify(cfg, token); !errors.Is(err, step.withLeeway) {
				t.Errorf("after %v: %v, want %v", step.after, err, step.withLeeway)
			}
			if _, err := verify(strict, token); !errors.Is(err, step.withoutError) {
				t.Errorf("after %v, no leeway: %v, want %v", step.after, err, step.withoutError)
			}
		}
	})
}

func TestTypeAndRequired(t *testing.T) {
	cfg := base()
	cfg.Type, cfg.Required = "at+jwt", []string{"client_id", "tenant"}
	typ := func(s any) map[string]any { return map[string]any{"typ": s} }
	full := jwt.MapClaims{"client_id": "web", "tenant": 7}
	for name, tt := range map[string]struct {
		token, want string
	}{
		"all":              {hs256(t, typ("at+jwt"), with(full)), ""},
		"the long type":    {hs256(t, typ("application/AT+JWT"), with(full)), ""},
		"another type":     {hs256(t, nil, with(full)), "another type"},
		"a type of number": {hs256(t, typ(7), with(full)), "another type"},
		"one claim less":   {hs256(t, typ("at+jwt"), with(jwt.MapClaims{"tenant": 7})), "no client_id"},
		"an empty claim":   {hs256(t, typ("at+jwt"), with(jwt.MapClaims{"tenant": 7, "client_id": ""})), "no client_id"},
		"an empty list":    {hs256(t, typ("at+jwt"), with(jwt.MapClaims{"tenant": []string{}, "client_id": "web"})), "no tenant"},
	} {
		_, err := verify(cfg, tt.token)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

var errTenant = errors.New("tenant is empty")

// tenantClaims are claims of a user's own.
type tenantClaims struct {
	jwt.RegisteredClaims
	Tenant string   `json:"tenant"`
	Roles  []string `json:"roles"`
}

func (c *tenantClaims) Scopes() []string { return c.Roles }

func (c *tenantClaims) Validate() error {
	if c.Tenant == "" {
		return errTenant
	}
	return nil
}

func TestOwnClaims(t *testing.T) {
	cfg := base()
	cfg.NewClaims = func() jwt.Claims { return new(tenantClaims) }
	if _, err := verify(cfg, hs256(t, nil, good())); !errors.Is(err, errTenant) || !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("claims that their Validate refuses: %v", err)
	}
	call := auth.New(auth.Config{Verifiers: []auth.Verifier{kitjwt.New(cfg)}})(func(ctx context.Context, _ any) (any, error) {
		if _, ok := kitjwt.ClaimsOf[*kitjwt.Claims](ctx); ok {
			t.Error("found claims of another type")
		}
		c, ok := kitjwt.ClaimsOf[*tenantClaims](ctx)
		p, _ := auth.From(ctx)
		return fmt.Sprint(ok, c.Tenant, p.Scopes), nil
	})
	token := hs256(t, nil, with(jwt.MapClaims{"tenant": "blue", "roles": []string{"admin"}}))
	got, err := call(auth.WithCredentials(t.Context(), bearer(token)), nil)
	if got != "trueblue[admin]" && got != "true blue [admin]" || err != nil {
		t.Errorf("%v %v", got, err)
	}
	if _, ok := kitjwt.ClaimsOf[*tenantClaims](t.Context()); ok {
		t.Error("found claims where nobody calls")
	}
}

func TestScopes(t *testing.T) {
	for name, tt := range map[string]struct {
		claims jwt.MapClaims
		want   []string
	}{
		"a string":   {jwt.MapClaims{"scope": " read  write "}, []string{"read", "write"}},
		"a list":     {jwt.MapClaims{"scope": []string{"read", "write"}}, []string{"read", "write"}},
		"scp":        {jwt.MapClaims{"scope": nil, "scp": "read"}, []string{"read"}},
		"both":       {jwt.MapClaims{"scope": "read", "scp": []string{"write"}}, []string{"read", "write"}},
		"none":       {jwt.MapClaims{"scope": nil}, nil},
		"an empty 1": {jwt.MapClaims{"scope": ""}, nil},
	} {
		p, err := verify(base(), hs256(t, nil, with(tt.claims)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(strings.Join(tt.want, ","), strings.Join(p.Scopes, ",")); diff != "" {
			t.Errorf("%s (-want +got): %s", name, diff)
		}
	}
}

func TestOtherSchemesAreNoToken(t *testing.T) {
	for _, c := range []auth.Credentials{{}, {Scheme: "basic", Token: auth.NewSecret(hs256(t, nil, good()))}, {Scheme: "bearer"}} {
		if _, err := kitjwt.New(base())(t.Context(), c); !errors.Is(err, auth.ErrMissing) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestConfigIsNotPrinted(t *testing.T) {
	cfg := base()
	if text := fmt.Sprintf("%v %+v %#v", cfg, &cfg, cfg); strings.Contains(text, secret) {
		t.Errorf("printed %s", text)
	}
}
