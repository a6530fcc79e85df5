package kitjwt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Config says which tokens are good.
type Config struct {
	// Algorithms are those a token may be signed with, of HS256, HS384, HS512,
	// RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA;
	// required. HMAC's do not mix with the others: make two verifiers.
	Algorithms []string

	// Keys are the keys by the kid of a token's header. The one under "" serves
	// tokens with no kid, or one that is not there. A key is an *rsa.PublicKey of
	// 2048 bits or more, an *ecdsa.PublicKey, an ed25519.PublicKey, or, for HMAC,
	// an auth.Secret that has as many bytes as the hash.
	Keys map[string]any

	// KeyFunc returns the key of a kid, "" for a token that names none, and nil
	// for one it does not know; it takes the place of Keys. It is called before
	// the token is verified, on the caller's goroutine: whoever calls can make up
	// kids, so it must bound how often it fetches keys on their account. An error
	// means that the keys are not at hand: the call ends with 503, not 401.
	KeyFunc func(ctx context.Context, kid string) (any, error)

	Audience    []string // one of them must be in the token's aud; required
	AnyAudience bool     // instead: take tokens that were issued for other services too
	Issuer      string   // must be the token's iss; not looked at if empty
	Type        string   // must be the typ of the token's header, such as "at+jwt"; not looked at if empty
	Required    []string // claims that must be there, and not empty, besides exp and sub

	Leeway    time.Duration     // how far clocks may be apart; 30 s if zero, none if negative
	MaxLength int               // of a token, in bytes; 8 KiB if zero
	NewClaims func() jwt.Claims // returns a pointer to new claims to fill; *Claims if nil
}

// Validate returns an error that names the first field that makes no sense. It
// never holds a key.
func (c Config) Validate() error {
	switch {
	case (c.Keys == nil) == (c.KeyFunc == nil):
		return errors.New("kitjwt: Config.Keys and KeyFunc: want one of the two")
	case len(c.Audience) == 0 && !c.AnyAudience:
		return errors.New("kitjwt: Config.Audience is empty: want this service's name as tokens have it, or AnyAudience")
	case len(c.Audience) > 0 && c.AnyAudience:
		return errors.New("kitjwt: Config.AnyAudience is set beside Audience: want one of the two")
	case c.Leeway > 5*time.Minute:
		return fmt.Errorf("kitjwt: Config.Leeway is %v: want at most 5m, or 0 for 30s", c.Leeway)
	case c.MaxLength < 0:
		return fmt.Errorf("kitjwt: Config.MaxLength is %d: want more than 0, or 0 for 8 KiB", c.MaxLength)
	}
	if err := c.validateAlgorithms(); err != nil {
		return err
	}
	if err := c.validateKeys(); err != nil {
		return err
	}
	return c.validateClaims()
}

func (c Config) validateAlgorithms() error {
	if len(c.Algorithms) == 0 {
		return errors.New("kitjwt: Config.Algorithms is empty: want the names of those that tokens are signed with, such as ES256")
	}
	for i, alg := range c.Algorithms {
		switch {
		case strings.EqualFold(alg, "none"):
			return fmt.Errorf("kitjwt: Config.Algorithms[%d] is %q: want one that signs", i, alg)
		case familyOf(alg) == "":
			return fmt.Errorf("kitjwt: Config.Algorithms[%d] is %q: want one such as ES256, EdDSA, RS256, PS256 or HS256", i, alg)
		case (familyOf(alg) == hmac) != (familyOf(c.Algorithms[0]) == hmac):
			return fmt.Errorf("kitjwt: Config.Algorithms has %s beside %s: want a verifier for HMAC and one for public keys", alg, c.Algorithms[0])
		}
	}
	return nil
}

// validateKeys looks for an algorithm that each key fits.
func (c Config) validateKeys() error {
	if c.Keys != nil && len(c.Keys) == 0 {
		return errors.New("kitjwt: Config.Keys is empty: want at least one, or every token would be refused")
	}
	for kid, key := range c.Keys {
		var mend string
		for _, alg := range c.Algorithms {
			if mend = unfit(alg, key); mend == "" {
				break
			}
		}
		if mend != "" {
			return fmt.Errorf("kitjwt: Config.Keys[%q] is of type %T: %s", kid, key, mend)
		}
	}
	return nil
}

// validateClaims asks new claims for each registered claim, as the parser will.
// A type that embeds a pointer to jwt.RegisteredClaims panics there, if only for
// a token in which none of them is.
func (c Config) validateClaims() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("kitjwt: Config.NewClaims returns claims that panic (%v): embed jwt.RegisteredClaims, not a pointer to it", v)
		}
	}()
	if c.NewClaims == nil {
		return nil
	}
	claims := c.NewClaims()
	if claims == nil {
		return errors.New("kitjwt: Config.NewClaims returns nil: want a pointer to new claims")
	}
	_, expErr := claims.GetExpirationTime()
	_, nbfErr := claims.GetNotBefore()
	_, iatErr := claims.GetIssuedAt()
	_, audErr := claims.GetAudience()
	_, issErr := claims.GetIssuer()
	_, subErr := claims.GetSubject()
	if err := errors.Join(expErr, nbfErr, iatErr, audErr, issErr, subErr); err != nil {
		return fmt.Errorf("kitjwt: Config.NewClaims returns claims that fail: %w", err)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Leeway = max(0, cmp.Or(c.Leeway, 30*time.Second))
	c.MaxLength = cmp.Or(c.MaxLength, 8<<10)
	if c.NewClaims == nil {
		c.NewClaims = func() jwt.Claims { return new(Claims) }
	}
	return c
}
