package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// What the errors of this package match (errors.Is).
var (
	ErrUnauthenticated = errors.New("unauthenticated")                        // who calls is not known
	ErrMissing         = fmt.Errorf("%w: no credentials", ErrUnauthenticated) // because the call shows nothing that is looked for
	ErrForbidden       = errors.New("forbidden")                              // who calls is known, and may not
)

// Error is why a call was turned down.
type Error struct {
	Kind   error  // ErrUnauthenticated if nil, ErrMissing or ErrForbidden
	Reason string // for people, and sent to the caller: it must hold nothing of a credential
	Cause  error  // for programs, and never printed; may be nil

	headers http.Header
}

// challenged is e with the headers of its answer, which only New knows.
func (e *Error) challenged(headers http.Header) *Error {
	if e.forbidden() {
		return e
	}
	c := *e
	c.headers = headers
	return &c
}

// Error is the kind and the reason.
func (e *Error) Error() string {
	kind := cmp.Or(e.Kind, ErrUnauthenticated).Error()
	if e.Reason == "" {
		return kind
	}
	return kind + ": " + e.Reason
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	kind := cmp.Or(e.Kind, ErrUnauthenticated)
	if e.Cause == nil {
		return []error{kind}
	}
	return []error{kind, e.Cause}
}

// StatusCode is HTTP's Unauthorized or Forbidden.
func (e *Error) StatusCode() int {
	if e.forbidden() {
		return http.StatusForbidden
	}
	return http.StatusUnauthorized
}

// ErrorCode is "unauthenticated" or "permission_denied".
func (e *Error) ErrorCode() string {
	if e.forbidden() {
		return "permission_denied"
	}
	return "unauthenticated"
}

// Headers has WWW-Authenticate for a 401 that New answers; go-kit's Headerer.
func (e *Error) Headers() http.Header { return e.headers.Clone() }

// NotSent is true: the service saw nothing of the call.
func (e *Error) NotSent() bool { return true }

// Rejected is true: the service was not asked.
func (e *Error) Rejected() bool { return true }

func (e *Error) forbidden() bool { return errors.Is(e.Kind, ErrForbidden) }

// unsureError is the error of a call whose credentials nobody could verify.
// Callers are strangers still, so neither its text nor its tree, in which a
// transport would look for a status to relay, tells them what is wrong here.
// errors.Is knows the cause, and a slog.Logger that is given the error shows it.
type unsureError struct{ cause error }

func (e *unsureError) Error() string        { return "credentials cannot be verified now" }
func (e *unsureError) Is(target error) bool { return errors.Is(e.cause, target) }
func (e *unsureError) LogValue() slog.Value {
	return slog.StringValue(e.Error() + ": " + e.cause.Error())
}
func (e *unsureError) NotSent() bool     { return true }
func (e *unsureError) Rejected() bool    { return true }
func (e *unsureError) StatusCode() int   { status, _ := e.status(); return status }
func (e *unsureError) ErrorCode() string { _, code := e.status(); return code }

// status is Service Unavailable, unless it was the call that ran out of time.
func (e *unsureError) status() (int, string) {
	switch {
	case errors.Is(e.cause, context.Canceled):
		return 499, "canceled" // the number that NGINX gave to a caller who went away
	case errors.Is(e.cause, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "deadline_exceeded"
	default:
		return http.StatusServiceUnavailable, "unavailable"
	}
}
