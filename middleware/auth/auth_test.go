package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/classify"
)

var errStore = errors.New("dial tcp 10.9.8.7: refused")

func accepts(id string) auth.Verifier {
	return func(context.Context, auth.Credentials) (*auth.Principal, error) { return &auth.Principal{ID: id}, nil }
}

func says(err error) auth.Verifier {
	return func(context.Context, auth.Credentials) (*auth.Principal, error) { return nil, err }
}

var (
	nothing = says(&auth.Error{Kind: auth.ErrMissing, Reason: "no token"})
	noKey   = says(&auth.Error{Kind: auth.ErrMissing, Reason: "no key"})
	wrong   = says(&auth.Error{Reason: "the token has expired"})
	barred  = says(&auth.Error{Kind: auth.ErrForbidden, Reason: "not you"})
	unsure  = says(errStore)
)

// who is a service that answers with its caller.
func who(ctx context.Context, _ any) (any, error) {
	p, ok := auth.From(ctx)
	if !ok {
		return "nobody", nil
	}
	return p.ID, nil
}

func TestWhoDecides(t *testing.T) {
	for _, tt := range []struct {
		name      string
		verifiers []auth.Verifier
		optional  bool
		fault     string
		want      string // the ID, or the error
		status    int
		challenge string
	}{
		{name: "one accepts", verifiers: []auth.Verifier{accepts("a")}, want: "a"},
		{name: "the first decides", verifiers: []auth.Verifier{accepts("a"), accepts("b")}, want: "a"},
		{name: "the next is asked", verifiers: []auth.Verifier{nothing, accepts("b")}, want: "b"},
		{name: "also after a wrong one", verifiers: []auth.Verifier{wrong, accepts("b")}, want: "b"},
		{name: "also after one that cannot tell", verifiers: []auth.Verifier{unsure, accepts("b")}, want: "b"},
		{
			name: "nothing shown", verifiers: []auth.Verifier{nothing, noKey},
			want: "unauthenticated: no credentials: no token and no key", status: 401, challenge: "Bearer",
		},
		{
			name: "wrong", verifiers: []auth.Verifier{nothing, wrong, noKey},
			want: "unauthenticated: the token has expired", status: 401, challenge: `Bearer error="invalid_token"`,
		},
		{name: "barred", verifiers: []auth.Verifier{barred, wrong}, want: "forbidden: not you", status: 403},
		{
			name: "one cannot tell", verifiers: []auth.Verifier{wrong, unsure},
			want: "credentials cannot be verified now", status: 503,
		},
		{
			name: "a verifier that says nothing", verifiers: []auth.Verifier{says(nil)}, optional: true,
			want: "credentials cannot be verified now", status: 503,
		},
		{name: "optional, nothing shown", verifiers: []auth.Verifier{nothing}, optional: true, want: "nobody"},
		{name: "optional, shown", verifiers: []auth.Verifier{accepts("a")}, optional: true, want: "a"},
		{
			name: "optional, wrong", verifiers: []auth.Verifier{wrong}, optional: true,
			want: "unauthenticated: the token has expired", status: 401, challenge: `Bearer error="invalid_token"`,
		},
		{
			name: "optional, unreadable", verifiers: []auth.Verifier{nothing}, optional: true, fault: "two tokens",
			want: "unauthenticated: two tokens", status: 401, challenge: `Bearer error="invalid_token"`,
		},
		{
			name: "an own kind", verifiers: []auth.Verifier{says(fmt.Errorf("mine: %w", &auth.Error{Kind: auth.ErrForbidden}))},
			want: "forbidden", status: 403,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := auth.New(auth.Config{Verifiers: tt.verifiers, Optional: tt.optional})(who)
			got, err := call(auth.WithCredentials(t.Context(), auth.Credentials{Fault: tt.fault}), nil)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if s := statusOf(err); s != tt.status {
				t.Errorf("status %d, want %d", s, tt.status)
			}
			if e, ok := errors.AsType[*auth.Error](err); ok && e.Headers().Get("WWW-Authenticate") != tt.challenge {
				t.Errorf("WWW-Authenticate: %s, want %s", e.Headers().Get("WWW-Authenticate"), tt.challenge)
			}
		})
	}
}

func statusOf(err error) int {
	if s, ok := errors.AsType[interface {
		error
		StatusCode() int
	}](err); ok {
		return s.StatusCode()
	}
	return 0
}

func TestRejectionsHaveTheirShape(t *testing.T) {
	for name, v := range map[string]auth.Verifier{"missing": nothing, "wrong": wrong, "barred": barred, "unsure": unsure} {
		_, err := auth.New(auth.Config{Verifiers: []auth.Verifier{v}})(who)(t.Context(), nil)
		shape, ok := errors.AsType[interface {
			error
			NotSent() bool
			Rejected() bool
			ErrorCode() string
		}](err)
		if !ok || !shape.NotSent() || !shape.Rejected() || shape.ErrorCode() == "" {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

func TestChallenge(t *testing.T) {
	for challenge, want := range map[string]string{
		"":                      `Bearer error="invalid_token"`,
		"bearer":                `bearer error="invalid_token"`,
		`Bearer realm="orders"`: `Bearer realm="orders", error="invalid_token"`,
		`ApiKey realm="orders"`: `ApiKey realm="orders"`,
	} {
		_, err := auth.New(auth.Config{Verifiers: []auth.Verifier{wrong}, Challenge: challenge})(who)(t.Context(), nil)
		e, ok := errors.AsType[*auth.Error](err)
		if !ok || e.Headers().Get("WWW-Authenticate") != want {
			t.Errorf("%q: %v, want %s", challenge, e.Headers(), want)
		}
		e.Headers().Set("WWW-Authenticate", "changed")
		if e.Headers().Get("WWW-Authenticate") != want {
			t.Error("whoever encodes one error changes the next")
		}
	}
}

// TestStrangersLearnNothing: what is wrong inside is not for a caller whom
// nobody knows, neither as text nor as a status that a transport would relay.
func TestStrangersLearnNothing(t *testing.T) {
	cause := fmt.Errorf("jwks: %w: %w", errStore, status.Error(codes.NotFound, "idp.internal"))
	_, err := auth.New(auth.Config{Verifiers: []auth.Verifier{says(cause)}})(who)(t.Context(), nil)
	if strings.Contains(err.Error(), "10.9.8.7") {
		t.Errorf("the caller is told %q", err)
	}
	if status.Code(err) == codes.NotFound {
		t.Error("the caller is answered with the status of the store")
	}
	if !errors.Is(err, errStore) {
		t.Error("the cause is lost")
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Error("call", "err", err)
	if !strings.Contains(out.String(), "10.9.8.7") {
		t.Errorf("the log does not tell the cause: %s", out.String())
	}
}

func TestTimeRunsOutWhileKeysAreFetched(t *testing.T) {
	for cause, want := range map[error]int{context.Canceled: 499, context.DeadlineExceeded: 504, errStore: 503} {
		_, err := auth.New(auth.Config{Verifiers: []auth.Verifier{says(fmt.Errorf("get keys: %w", cause))}})(who)(t.Context(), nil)
		if got := statusOf(err); got != want {
			t.Errorf("%v: status %d, want %d", cause, got, want)
		}
	}
}

func TestPrincipalIsOfThisCallAlone(t *testing.T) {
	call := auth.New(auth.Config{Verifiers: []auth.Verifier{
		func(_ context.Context, shown auth.Credentials) (*auth.Principal, error) {
			return &auth.Principal{ID: shown.APIKey.Reveal()}, nil
		},
	}})(who)
	outer := auth.WithCredentials(t.Context(), auth.Credentials{APIKey: auth.NewSecret("a")})
	inner := auth.WithCredentials(outer, auth.Credentials{APIKey: auth.NewSecret("b")})
	for want, ctx := range map[string]context.Context{"a": outer, "b": inner, "": auth.WithCredentials(inner, auth.Credentials{})} {
		if got, err := call(ctx, nil); got != want || err != nil {
			t.Errorf("%v %v, want %s", got, err, want)
		}
	}
}

func TestServiceErrorsAndPanicsPassAsTheyAre(t *testing.T) {
	errService := errors.New("empty")
	mw := auth.New(auth.Config{Verifiers: []auth.Verifier{accepts("a")}})
	if _, err := mw(func(context.Context, any) (any, error) { return nil, errService })(t.Context(), nil); err != errService {
		t.Errorf("got %v", err)
	}
	defer func() {
		if v := recover(); v != "boom" {
			t.Errorf("recovered %v", v)
		}
	}()
	_, _ = mw(func(context.Context, any) (any, error) { panic("boom") })(t.Context(), nil)
}

func TestRequire(t *testing.T) {
	isAda := func(p auth.Principal) bool { return p.ID == "ada" }
	scoped := func(scopes ...string) auth.Verifier {
		return func(context.Context, auth.Credentials) (*auth.Principal, error) {
			return &auth.Principal{ID: "ada", Scopes: scopes}, nil
		}
	}
	for _, tt := range []struct {
		name     string
		verifier auth.Verifier
		require  endpoint.Middleware
		want     string
	}{
		{"allowed", accepts("ada"), auth.Require(isAda), ""},
		{"not allowed", accepts("bob"), auth.Require(isAda), "forbidden: this caller may not do that"},
		{"anybody", accepts("bob"), auth.Require(nil), ""},
		{"nobody", nothing, auth.Require(nil), "unauthenticated: no credentials: the caller is not known"},
		{"all scopes", scoped("r", "w"), auth.RequireScopes("w", "r"), ""},
		{"one scope too few", scoped("r"), auth.RequireScopes("r", "w"), "forbidden: it takes the scope r and w"},
		{"no scopes asked", scoped(), auth.RequireScopes(), ""},
	} {
		call := auth.New(auth.Config{Verifiers: []auth.Verifier{tt.verifier}, Optional: true})(tt.require(who))
		_, err := call(t.Context(), nil)
		if got := fmt.Sprint(err); err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestRejectionsAreBusinessErrorsToABreaker(t *testing.T) {
	for _, kind := range []error{nil, auth.ErrMissing, auth.ErrForbidden} {
		err := &auth.Error{Kind: kind}
		if got := classify.Default(t.Context(), nil, remote{err}); got != classify.Success {
			t.Errorf("%v from a server is classified as %v", err, got)
		}
	}
}

// remote is an error as a client sees it: of its shape, the status alone
// travels.
type remote struct{ err *auth.Error }

func (r remote) Error() string   { return r.err.Error() }
func (r remote) StatusCode() int { return r.err.StatusCode() }

func TestErrorMatchesKindAndCause(t *testing.T) {
	for _, tt := range []struct {
		err  *auth.Error
		is   []error
		not  []error
		text string
	}{
		{&auth.Error{}, []error{auth.ErrUnauthenticated}, []error{auth.ErrMissing, auth.ErrForbidden}, "unauthenticated"},
		{&auth.Error{Kind: auth.ErrMissing}, []error{auth.ErrMissing, auth.ErrUnauthenticated}, []error{auth.ErrForbidden}, "unauthenticated: no credentials"},
		{&auth.Error{Kind: auth.ErrForbidden, Cause: errStore}, []error{auth.ErrForbidden, errStore}, []error{auth.ErrUnauthenticated}, "forbidden"},
	} {
		for _, target := range tt.is {
			if !errors.Is(tt.err, target) {
				t.Errorf("%v does not match %v", tt.err, target)
			}
		}
		for _, target := range tt.not {
			if errors.Is(tt.err, target) {
				t.Errorf("%v matches %v", tt.err, target)
			}
		}
		if diff := cmp.Diff(tt.text, tt.err.Error()); diff != "" {
			t.Errorf("text (-want +got): %s", diff)
		}
	}
}

func TestValidateNamesTheField(t *testing.T) {
	one := []auth.Verifier{nothing}
	for want, cfg := range map[string]auth.Config{
		"":                            {Verifiers: one},
		"Config.Verifiers is empty":   {},
		"Config.Verifiers[1] is nil":  {Verifiers: []auth.Verifier{nothing, nil}},
		`Config.Challenge is "a\r\n"`: {Verifiers: one, Challenge: "a\r\n"},
	} {
		err := cfg.Validate()
		if want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		func() {
			defer func() {
				if got, _ := recover().(error); got == nil || got.Error() != err.Error() {
					t.Errorf("New panicked with %v, want %v", got, err)
				}
			}()
			auth.New(cfg)
		}()
	}
}
