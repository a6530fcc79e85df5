package kitjwt

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kitgen/kitgen/middleware/auth"
)

// maxKid is how long the name of a key may be, in bytes.
const maxKid = 256

// New returns a verifier of bearer tokens. The Principal's ID is sub, its Issuer
// is iss, its Claims is what NewClaims returned, filled, and its Scopes are what
// the claims' method Scopes returns. A rejection's Cause matches golang-jwt's
// errors, such as jwt.ErrTokenExpired. A cfg that Validate rejects is a mistake
// in the program, and New panics with Validate's error.
func New(cfg Config) auth.Verifier {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	cfg = cfg.withDefaults()
	cfg.Keys = maps.Clone(cfg.Keys)
	cfg.Required = slices.Clone(cfg.Required)
	v := &verifier{
		Config:  cfg,
		parser:  jwt.NewParser(cfg.options()...),
		missing: &auth.Error{Kind: auth.ErrMissing, Reason: "no bearer token"},
	}
	return v.verify
}

// verifier is a Config made ready.
type verifier struct {
	Config
	parser  *jwt.Parser
	missing *auth.Error
}

func (c Config) options() []jwt.ParserOption {
	return []jwt.ParserOption{
		jwt.WithValidMethods(slices.Clone(c.Algorithms)),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(c.Leeway),
		jwt.WithAudience(slices.Clone(c.Audience)...), // none asks for none
		jwt.WithIssuer(c.Issuer),                      // likewise
		jwt.WithStrictDecoding(),                      // one token has one spelling
	}
}

func (v *verifier) verify(ctx context.Context, shown auth.Credentials) (*auth.Principal, error) {
	if shown.Scheme != "bearer" || shown.Token.Empty() {
		return nil, v.missing
	}
	raw := shown.Token.Reveal()
	if len(raw) > v.MaxLength {
		return nil, &auth.Error{Reason: "the token is too long"}
	}
	claims := v.NewClaims()
	_, err := v.parser.ParseWithClaims(raw, claims, func(t *jwt.Token) (any, error) {
		kid, err := v.checkHeader(t.Header)
		if err != nil {
			return nil, err
		}
		return v.key(ctx, t.Method.Alg(), kid)
	})
	if err != nil {
		return nil, rejection(err)
	}
	if name := v.lacks(raw); name != "" {
		return nil, &auth.Error{Reason: "the token has no " + name, Cause: jwt.ErrTokenRequiredClaimMissing}
	}
	return principal(claims)
}

// checkHeader returns the kid of a token that nobody has verified yet.
func (v *verifier) checkHeader(h map[string]any) (kid string, err error) {
	if _, ok := h["crit"]; ok { // RFC 7515, section 4.1.11: who does not understand it must refuse
		return "", &auth.Error{Reason: "the token has extensions that are not understood"}
	}
	if typ, _ := h["typ"].(string); v.Type != "" && !sameType(typ, v.Type) {
		return "", &auth.Error{Reason: "the token is of another type"}
	}
	switch k := h["kid"].(type) {
	case nil:
		return "", nil
	case string:
		if len(k) <= maxKid {
			return k, nil
		}
	}
	return "", errUnknownKey()
}

// sameType compares media types as RFC 7515, section 4.1.9, has them.
func sameType(a, b string) bool {
	const prefix = "application/"
	a, b = strings.ToLower(a), strings.ToLower(b)
	return strings.TrimPrefix(a, prefix) == strings.TrimPrefix(b, prefix)
}

// lacks returns a required claim that a verified token has not, or "".
func (v *verifier) lacks(raw string) string {
	if len(v.Required) == 0 {
		return ""
	}
	_, rest, _ := strings.Cut(raw, ".")
	payload, _, _ := strings.Cut(rest, ".")
	var claims map[string]json.RawMessage
	if b, err := base64.RawURLEncoding.DecodeString(payload); err == nil {
		_ = json.Unmarshal(b, &claims) // the parser could; otherwise all are lacking
	}
	for _, name := range v.Required {
		switch string(claims[name]) {
		case "", "null", `""`, "[]", "{}":
			return name
		}
	}
	return ""
}

// rejection is what the caller is told of the parser's error. Its own text may
// hold pieces of the token.
func rejection(err error) error {
	if e, ok := errors.AsType[*auth.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*keyError](err); ok {
		return e
	}
	for _, r := range []auth.Error{
		{Cause: jwt.ErrTokenMalformed, Reason: "the token is malformed"},
		{Cause: jwt.ErrTokenSignatureInvalid, Reason: "the token's signature or algorithm is wrong"},
		{Cause: jwt.ErrTokenExpired, Reason: "the token has expired"},
		{Cause: jwt.ErrTokenNotValidYet, Reason: "the token is not valid yet"},
		{Cause: jwt.ErrTokenInvalidIssuer, Reason: "the token is of another issuer"},
		{Cause: jwt.ErrTokenInvalidAudience, Reason: "the token is for another audience"},
		{Cause: jwt.ErrTokenRequiredClaimMissing, Reason: "the token lacks a claim that is required"},
		{Cause: jwt.ErrTokenUnverifiable, Reason: "the token cannot be verified"},
	} {
		if errors.Is(err, r.Cause) {
			return &auth.Error{Reason: r.Reason, Cause: err}
		}
	}
	return &auth.Error{Reason: "the token's claims will not do", Cause: err} // by their own Validate
}
