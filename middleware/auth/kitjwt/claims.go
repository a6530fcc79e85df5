package kitjwt

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kitgen/kitgen/middleware/auth"
)

// Claims are the registered claims and what callers may do. Embed it, or
// jwt.RegisteredClaims, in a type of your own for more.
type Claims struct {
	jwt.RegisteredClaims
	Scope ScopeList `json:"scope,omitempty"` // RFC 8693, section 4.2
	SCP   ScopeList `json:"scp,omitempty"`   // what some issuers have instead
}

// Scopes are those of both claims. A claims type that has this method tells
// with it the Scopes of its Principal.
func (c *Claims) Scopes() []string {
	if len(c.SCP) == 0 {
		return c.Scope
	}
	return append(slices.Clip(c.Scope), c.SCP...)
}

// ScopeList is scopes as tokens write them: a string with spaces, or a list.
type ScopeList []string

// UnmarshalJSON reads either.
func (s *ScopeList) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(s))
	}
	var words string
	if err := json.Unmarshal(b, &words); err != nil {
		return err
	}
	*s = strings.Fields(words)
	return nil
}

// ClaimsOf returns the claims of who makes the call that ctx belongs to, if C
// is what NewClaims returned for it: *Claims, or a pointer to your own.
func ClaimsOf[C jwt.Claims](ctx context.Context) (claims C, ok bool) {
	p, _ := auth.From(ctx)
	claims, ok = p.Claims.(C)
	return claims, ok
}

// principal returns who the claims are of. The parser has verified them.
func principal(claims jwt.Claims) (*auth.Principal, error) {
	sub, err := claims.GetSubject()
	if err != nil || sub == "" {
		return nil, &auth.Error{Reason: "the token has no sub"}
	}
	iss, err := claims.GetIssuer()
	if err != nil {
		return nil, &auth.Error{Reason: "the token's iss is not a string"}
	}
	p := &auth.Principal{ID: sub, Method: "jwt", Issuer: iss, Claims: claims}
	if s, ok := claims.(interface{ Scopes() []string }); ok {
		p.Scopes = s.Scopes()
	}
	return p, nil
}
