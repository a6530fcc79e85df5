package auth

import (
	"context"
	"slices"
	"strings"

	"github.com/go-kit/kit/endpoint"
)

// Require returns a middleware that lets in whom allow accepts; a nil allow
// accepts anybody that New has found a Principal for. Others get an *Error:
// ErrForbidden, or ErrMissing if there is no Principal. It belongs inside New.
func Require(allow func(Principal) bool) endpoint.Middleware {
	if allow == nil {
		allow = func(Principal) bool { return true }
	}
	return require(allow, &Error{Kind: ErrForbidden, Reason: "this caller may not do that"})
}

// RequireScopes is Require for callers that have all the scopes. The error of
// others names the scopes.
func RequireScopes(scopes ...string) endpoint.Middleware {
	scopes = slices.Clone(scopes)
	reason := "it takes the scope " + strings.Join(scopes, " and ")
	return require(func(p Principal) bool { return p.Has(scopes...) }, &Error{Kind: ErrForbidden, Reason: reason})
}

func require(allow func(Principal) bool, forbidden *Error) endpoint.Middleware {
	missing := &Error{Kind: ErrMissing, Reason: "the caller is not known"}
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			p, ok := From(ctx)
			switch {
			case !ok:
				return nil, missing
			case !allow(p):
				return nil, forbidden
			}
			return next(ctx, request)
		}
	}
}
