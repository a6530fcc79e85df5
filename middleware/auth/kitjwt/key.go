package kitjwt

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // the parser finds the hashes of algorithms in crypto's registry
	_ "crypto/sha512"
	"fmt"
	"strings"

	"github.com/kitgen/kitgen/middleware/auth"
)

// family is the algorithms that take one type of key.
type family string

const (
	hmac  family = "HS"
	rsa15 family = "RS"
	pss   family = "PS"
	ec    family = "ES"
	ed    family = "EdDSA"
)

// familyOf returns the family of an algorithm, and "" if there is no such.
func familyOf(alg string) family {
	if alg == string(ed) {
		return ed
	}
	if len(alg) != 5 {
		return ""
	}
	switch f := family(alg[:2]); f {
	case hmac, rsa15, pss, ec:
		if bits := alg[2:]; bits == "256" || bits == "384" || bits == "512" {
			return f
		}
	}
	return ""
}

// unfit returns why alg must not be verified with key, and "" if it may. It is
// what keeps a key to the algorithms that it was made for.
func unfit(alg string, key any) (mend string) {
	switch familyOf(alg) {
	case hmac:
		return unfitHMAC(alg, key)
	case rsa15, pss:
		if k, ok := key.(*rsa.PublicKey); !ok || k == nil || k.N == nil || k.N.BitLen() < 2048 {
			return "want an *rsa.PublicKey of 2048 bits or more for " + alg
		}
	case ec:
		return unfitEC(alg, key)
	case ed:
		if k, ok := key.(ed25519.PublicKey); !ok || len(k) != ed25519.PublicKeySize {
			return "want an ed25519.PublicKey for EdDSA"
		}
	default:
		return "there is no algorithm " + alg
	}
	return ""
}

// unfitEC asks for the algorithm's own curve: RFC 7518, section 3.4.
func unfitEC(alg string, key any) (mend string) {
	bits := map[string]int{"ES256": 256, "ES384": 384, "ES512": 521}[alg]
	k, ok := key.(*ecdsa.PublicKey)
	if !ok || k == nil || k.Curve == nil || k.Curve.Params().BitSize != bits {
		return fmt.Sprintf("want an *ecdsa.PublicKey on P-%d for %s", bits, alg)
	}
	return ""
}

// unfitHMAC asks for a secret as long as the hash: RFC 7518, section 3.2.
func unfitHMAC(alg string, key any) (mend string) {
	size := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}[alg]
	k, ok := key.(auth.Secret)
	switch {
	case !ok:
		return "want an auth.Secret for " + alg
	case len(k.Reveal()) < size:
		return fmt.Sprintf("want a secret of %d bytes or more for %s", size, alg)
	case strings.HasPrefix(k.Reveal(), "-----BEGIN"):
		return "want a secret, not a key in PEM that others know"
	}
	return ""
}

// key returns the key for a token's algorithm and kid, as golang-jwt has it.
func (v *verifier) key(ctx context.Context, alg, kid string) (any, error) {
	key, err := v.lookUp(ctx, kid)
	switch {
	case err != nil:
		return nil, &keyError{err}
	case key == nil:
		return nil, errUnknownKey()
	case unfit(alg, key) != "":
		return nil, &auth.Error{Reason: "the token's algorithm is not that of its key"}
	}
	if secret, ok := key.(auth.Secret); ok {
		return []byte(secret.Reveal()), nil
	}
	return key, nil
}

func (v *verifier) lookUp(ctx context.Context, kid string) (any, error) {
	if v.KeyFunc != nil {
		return v.KeyFunc(ctx, kid)
	}
	if key, ok := v.Keys[kid]; ok {
		return key, nil
	}
	return v.Keys[""], nil
}

func errUnknownKey() *auth.Error { return &auth.Error{Reason: "the token's key is not known"} }

// keyError carries KeyFunc's error through the parser.
type keyError struct{ cause error }

func (e *keyError) Error() string { return "kitjwt: look up the key of a token: " + e.cause.Error() }
func (e *keyError) Unwrap() error { return e.cause }
