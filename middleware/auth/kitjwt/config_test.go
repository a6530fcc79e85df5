package kitjwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/kitjwt"
)

// lazyClaims panic in a token that has no registered claim.
type lazyClaims struct{ *jwt.RegisteredClaims }

func TestValidateNamesTheField(t *testing.T) {
	change := func(f func(*kitjwt.Config)) kitjwt.Config {
		cfg := base()
		f(&cfg)
		return cfg
	}
	keys := func(alg string, key any) kitjwt.Config {
		return change(func(c *kitjwt.Config) { c.Algorithms, c.Keys = []string{alg}, map[string]any{"k1": key} })
	}
	algorithms := func(all ...string) kitjwt.Config {
		return change(func(c *kitjwt.Config) { c.Algorithms = all })
	}
	small := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}
	for _, tt := range []struct {
		want string
		cfg  kitjwt.Config
	}{
		{"", base()},
		{"Config.Keys and KeyFunc: want one", kitjwt.Config{}},
		{"Config.Keys and KeyFunc: want one", change(func(c *kitjwt.Config) {
			c.KeyFunc = func(context.Context, string) (any, error) { return nil, nil }
		})},
		{"Config.Keys is empty", change(func(c *kitjwt.Config) { c.Keys = map[string]any{} })},
		{"Config.Audience is empty", change(func(c *kitjwt.Config) { c.Audience = nil })},
		{"Config.AnyAudience is set beside", change(func(c *kitjwt.Config) { c.AnyAudience = true })},
		{"Config.Leeway is 1h0m0s", change(func(c *kitjwt.Config) { c.Leeway = time.Hour })},
		{"Config.MaxLength is -1", change(func(c *kitjwt.Config) { c.MaxLength = -1 })},
		{"Config.Algorithms is empty", algorithms()},
		{`Config.Algorithms[0] is "none"`, algorithms("none")},
		{`Config.Algorithms[1] is "NONE"`, algorithms("HS256", "NONE")},
		{`Config.Algorithms[0] is "HS128"`, algorithms("HS128")},
		{`Config.Algorithms[0] is "hs256"`, algorithms("hs256")},
		{`Config.Algorithms[0] is ""`, algorithms("")},
		{"Config.Algorithms has RS256 beside HS256", algorithms("HS256", "RS256")},
		{`Config.Keys["k1"] is of type string: want an auth.Secret`, keys("HS256", secret)},
		{`Config.Keys["k1"] is of type []uint8: want an auth.Secret`, keys("HS256", []byte(secret))},
		{`want a secret of 32 bytes or more`, keys("HS256", auth.NewSecret(secret[:31]))},
		{`want a secret of 64 bytes or more`, keys("HS512", auth.NewSecret(secret[:63]))},
		{`want a secret, not a key in PEM`, keys("HS256", auth.NewSecret("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"))},
		{`want an *rsa.PublicKey`, keys("RS256", auth.NewSecret(secret))},
		{`want an *rsa.PublicKey`, keys("PS256", small)},
		{`want an *rsa.PublicKey`, keys("RS256", (*rsa.PublicKey)(nil))},
		{`want an *rsa.PublicKey`, keys("RS256", &rsa.PublicKey{})},
		{`want an *rsa.PublicKey`, keys("RS256", nil)},
		{`want an *ecdsa.PublicKey on P-256`, keys("ES256", small)},
		{`want an *ecdsa.PublicKey on P-256`, keys("ES256", &ecdsa.PublicKey{})},
		{`want an *ecdsa.PublicKey on P-521`, keys("ES512", pairs(t)["ES384"].public)},
		{`want an ed25519.PublicKey`, keys("EdDSA", ed25519.PublicKey{1})},
		{`want an ed25519.PublicKey`, keys("EdDSA", pairs(t)["EdDSA"].private)},
		{"Config.NewClaims returns nil", change(func(c *kitjwt.Config) { c.NewClaims = func() jwt.Claims { return nil } })},
		{"Config.NewClaims returns claims that panic", change(func(c *kitjwt.Config) {
			c.NewClaims = func() jwt.Claims { return &lazyClaims{} }
		})},
		{"Config.NewClaims returns claims that panic", change(func(c *kitjwt.Config) {
			c.NewClaims = func() jwt.Claims { return (*kitjwt.Claims)(nil) }
		})},
		{"Config.NewClaims returns claims that fail", change(func(c *kitjwt.Config) {
			c.NewClaims = func() jwt.Claims { return jwt.MapClaims{"sub": 7} }
		})},
	} {
		err := tt.cfg.Validate()
		if tt.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), "kitjwt: Config.") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
			continue
		}
		if strings.Contains(err.Error(), secret[:31]) {
			t.Errorf("the error repeats the key: %v", err)
		}
		func() {
			defer func() {
				if got, _ := recover().(error); got == nil || got.Error() != err.Error() {
					t.Errorf("New panicked with %v, want %v", got, err)
				}
			}()
			kitjwt.New(tt.cfg)
		}()
	}
}
