package auth

import (
	"context"
	"slices"
)

// Principal is who calls. Treat it as read-only: calls share it.
type Principal struct {
	// ID is the name under which the verifier knows the caller. Two verifiers
	// may use the same for different callers; Method and Issuer tell them apart.
	ID     string
	Method string   // "apikey", "mtls", "jwt", or what another verifier calls itself
	Issuer string   // who vouches for the ID: the iss of a token, the trust domain of a certificate; may be empty
	Scopes []string // what the caller may do, by the issuer's word
	Claims any      // what else the verifier knows: its documentation says of which type it is; may be nil
}

// Has reports whether all the scopes are among the caller's.
func (p Principal) Has(scopes ...string) bool {
	for _, s := range scopes {
		if !slices.Contains(p.Scopes, s) {
			return false
		}
	}
	return true
}

// From returns who makes the call that ctx belongs to; false if nobody has
// asked yet, or an optional New found no credentials.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(*Principal)
	if !ok {
		return Principal{}, false
	}
	return *p, true
}

type principalKey struct{}
