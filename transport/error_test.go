package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/guard"
)

// teapot is an error type as a service may have its own.
type teapot int

func (t teapot) Error() string     { return "short and stout" }
func (t teapot) StatusCode() int   { return int(t) }
func (t teapot) ErrorCode() string { return "teapot" }

// coder is go-kit's StatusCoder and nothing more.
type coder int

func (c coder) Error() string   { return "coder" }
func (c coder) StatusCode() int { return int(c) }

type notSent bool

func (n notSent) Error() string { return "instance is away" }
func (n notSent) NotSent() bool { return bool(n) }

func TestErrorOf(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want *transport.Error
	}{
		"nil":                {nil, nil},
		"whole":              {&transport.Error{Status: 422, Code: "empty", Message: "m"}, &transport.Error{Status: 422, Code: "empty", Message: "m"}},
		"status alone":       {&transport.Error{Status: 404}, &transport.Error{Status: 404, Code: "not_found", Message: "Not Found"}},
		"code alone":         {&transport.Error{Code: "aborted"}, &transport.Error{Status: 409, Code: "aborted", Message: "Conflict"}},
		"own code alone":     {&transport.Error{Code: "empty"}, &transport.Error{Status: 500, Code: "empty", Message: "Internal Server Error"}},
		"zero":               {&transport.Error{}, &transport.Error{Status: 500, Code: "unknown", Message: "Internal Server Error"}},
		"client closed":      {&transport.Error{Status: 499}, &transport.Error{Status: 499, Code: "canceled", Message: "Client Closed Request"}},
		"unnamed status":     {&transport.Error{Status: 599}, &transport.Error{Status: 599, Code: "unknown", Message: "unknown"}},
		"wrapped":            {fmt.Errorf("sum: %w", &transport.Error{Status: 400, Message: "m"}), &transport.Error{Status: 400, Code: "invalid_argument", Message: "sum: m"}},
		"own type":           {teapot(418), &transport.Error{Status: 418, Code: "teapot", Message: "short and stout"}},
		"StatusCoder":        {coder(403), &transport.Error{Status: 403, Code: "permission_denied", Message: "coder"}},
		"status of success":  {coder(200), &transport.Error{Status: 500, Code: "internal", Message: "coder"}},
		"no status":          {coder(0), &transport.Error{Status: 500, Code: "internal", Message: "coder"}},
		"deadline":           {fmt.Errorf("sum: %w", context.DeadlineExceeded), &transport.Error{Status: 504, Code: "deadline_exceeded", Message: "sum: context deadline exceeded"}},
		"canceled":           {context.Canceled, &transport.Error{Status: 499, Code: "canceled", Message: "context canceled"}},
		"no endpoints":       {fmt.Errorf("addsvc: %w", kitlb.ErrNoEndpoints), &transport.Error{Status: 503, Code: "unavailable", Message: "addsvc: " + kitlb.ErrNoEndpoints.Error()}},
		"not sent":           {notSent(true), &transport.Error{Status: 503, Code: "unavailable", Message: "instance is away"}},
		"sent":               {notSent(false), &transport.Error{Status: 500, Code: "unknown", Message: "instance is away"}},
		"anything":           {io.ErrUnexpectedEOF, &transport.Error{Status: 500, Code: "unknown", Message: "unexpected EOF"}},
		"panic":              {guard.New("secret"), &transport.Error{Status: 500, Code: "internal", Message: "panic while serving the call; the server's log has the stack"}},
		"panic with a coder": {guard.New(coder(404)), &transport.Error{Status: 500, Code: "internal", Message: "panic while serving the call; the server's log has the stack"}},
	} {
		if diff := cmp.Diff(tt.want, transport.ErrorOf(tt.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestErrorsWithTheSameCodeAreTheSame(t *testing.T) {
	empty := &transport.Error{Status: 400, Code: "empty"}
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{&transport.Error{Status: 422, Code: "empty", Message: "as it came over the wire"}, true},
		{fmt.Errorf("sum: %w", &transport.Error{Code: "empty"}), true},
		{&transport.Error{Status: 400}, false},
		{errors.New("empty"), false},
	} {
		if got := errors.Is(tt.err, empty); got != tt.want {
			t.Errorf("errors.Is(%v) = %t", tt.err, got)
		}
	}
	if !errors.Is(&transport.Error{Status: 404}, &transport.Error{Code: "not_found"}) {
		t.Error("404 is not not_found")
	}
	if errors.Is(empty, io.EOF) {
		t.Error("an Error is io.EOF")
	}
}
