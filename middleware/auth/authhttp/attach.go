package authhttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/kitgen/kitgen/middleware/auth/internal/header"
)

// ErrPlaintext is matched (errors.Is) by the error of a call whose token was
// withheld because its request would not have been encrypted.
var ErrPlaintext = errors.New("token withheld from a request that is not https")

// AttachConfig is what a client adds to its requests.
type AttachConfig struct {
	// Token returns what to show; required. It is called for every request, on
	// the caller's goroutine, so it should keep a token for as long as it is good.
	Token func(ctx context.Context) (string, error)

	Header    string // X-API-Key for example; Authorization if empty
	Scheme    string // stands before the token; Bearer if Header is empty too, else nothing if empty
	Plaintext bool   // send it even if the request is not https, where everybody on the way can read it
}

// Validate returns an error that names the first field that makes no sense.
func (c AttachConfig) Validate() error {
	switch {
	case c.Token == nil:
		return errors.New("authhttp: AttachConfig.Token is nil: want a function that returns a token")
	case !header.Valid(cmp.Or(c.Header, "X")):
		return fmt.Errorf("authhttp: AttachConfig.Header is %q: want a header's name, or nothing for Authorization", c.Header)
	case !header.Valid(cmp.Or(c.Scheme, "X")):
		return fmt.Errorf("authhttp: AttachConfig.Scheme is %q: want one word, or nothing for Bearer", c.Scheme)
	}
	return nil
}

// Attach returns a function that shows a token with a request. A call that
// gets none, or that would show it to everybody, is not sent: its context is
// cancelled, with what is wrong as the cause, which is what http.Client then
// returns. A cfg that Validate rejects is a mistake in the program, and Attach
// panics with Validate's error.
//
// An http.Client that follows redirects takes the header along, from https to
// http too if the host is the same. Where a server might send it there, set its
// CheckRedirect: services have no use for redirects.
func Attach(cfg AttachConfig) func(context.Context, *http.Request) context.Context {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	prefix := cfg.Scheme
	if cfg.Header == "" {
		prefix = cmp.Or(cfg.Scheme, "Bearer")
	}
	if prefix != "" {
		prefix += " "
	}
	name := cmp.Or(cfg.Header, "Authorization")
	return func(ctx context.Context, r *http.Request) context.Context {
		if r.URL.Scheme != "https" && !cfg.Plaintext {
			return refuse(ctx, &attachError{http.StatusInternalServerError, ErrPlaintext})
		}
		token, err := cfg.Token(ctx)
		if err == nil && token == "" {
			err = errors.New("the source returned an empty one")
		}
		if err != nil {
			return refuse(ctx, &attachError{http.StatusServiceUnavailable, fmt.Errorf("get a token: %w", err)})
		}
		r.Header.Set(name, prefix+token)
		return ctx
	}
}

// refuse returns a context with which nothing is sent.
func refuse(ctx context.Context, err error) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	cancel(err)
	return ctx
}

// attachError is why a request went without a token, and so nowhere.
type attachError struct {
	status int
	cause  error
}

func (e *attachError) Error() string   { return "authhttp: " + e.cause.Error() }
func (e *attachError) Unwrap() error   { return e.cause }
func (e *attachError) StatusCode() int { return e.status }
func (e *attachError) NotSent() bool   { return true }
func (e *attachError) Rejected() bool  { return true }
