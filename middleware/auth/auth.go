package auth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-kit/kit/endpoint"
)

// New returns a middleware that lets a call go on, with its Principal in the
// context, if one of the verifiers accepts its Credentials. Otherwise the call
// ends with an *Error; or, if no verifier accepted and one of them could not
// tell, with an error of status 503. A cfg that Validate rejects is a mistake
// in the program, and New panics with Validate's error.
func New(cfg Config) endpoint.Middleware {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	g := newGate(cfg)
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			p, err := g.identify(ctx)
			if err != nil {
				return nil, err
			}
			if p != nil {
				ctx = context.WithValue(ctx, principalKey{}, p)
			}
			return next(ctx, request)
		}
	}
}

// gate is a Config made ready.
type gate struct {
	Config
	missing, invalid http.Header // of a 401, whether nothing or something wrong was shown
}

func newGate(cfg Config) *gate {
	cfg.Verifiers = slices.Clone(cfg.Verifiers)
	if cfg.Challenge == "" {
		cfg.Challenge = "Bearer"
	}
	return &gate{
		Config:  cfg,
		missing: http.Header{"Www-Authenticate": {cfg.Challenge}},
		invalid: http.Header{"Www-Authenticate": {invalidToken(cfg.Challenge)}},
	}
}

// invalidToken adds to a Bearer challenge what RFC 6750, section 3.1, has for
// a token that will not do; other schemes have no word for it.
func invalidToken(challenge string) string {
	scheme, params, _ := strings.Cut(challenge, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return challenge
	case params == "":
		return challenge + ` error="invalid_token"`
	default:
		return challenge + `, error="invalid_token"`
	}
}

// identify returns who calls, and nil for nobody if that will do.
func (g *gate) identify(ctx context.Context) (*Principal, error) {
	shown := credentials(ctx)
	var v verdict
	for _, verify := range g.Verifiers {
		p, err := verify(ctx, shown)
		if err == nil && p != nil {
			return p, nil
		}
		v.add(err)
	}
	switch {
	case v.unsure != nil:
		return nil, &unsureError{v.unsure}
	case v.rejected != nil:
		return nil, v.rejected.challenged(g.invalid)
	case shown.Fault != "":
		return nil, (&Error{Reason: shown.Fault}).challenged(g.invalid)
	case g.Optional:
		return nil, nil //nolint:nilnil // nobody, and that is all right
	}
	reason := strings.Join(v.missing, " and ")
	return nil, (&Error{Kind: ErrMissing, Reason: reason}).challenged(g.missing)
}

// verdict is what those verifiers said that did not accept.
type verdict struct {
	unsure   error    // the first that could not tell
	rejected *Error   // the first rejection of something that was shown
	missing  []string // what was not shown
}

func (v *verdict) add(err error) {
	e, ok := errors.AsType[*Error](err)
	switch {
	case err == nil:
		err = errors.New("auth: a verifier returned neither a principal nor an error")
		fallthrough
	case !ok:
		if v.unsure == nil {
			v.unsure = err
		}
	case errors.Is(e.Kind, ErrMissing):
		v.missing = append(v.missing, e.Reason)
	case v.rejected == nil:
		v.rejected = e
	}
}
