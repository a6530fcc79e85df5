package kitgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// sentErrors is what a service may return.
var sentErrors = map[string]error{
	"whole":        &transport.Error{Status: 422, Code: "empty", Message: "empty string"},
	"status":       &transport.Error{Status: 404},
	"odd status":   &transport.Error{Status: 410, Message: "it was here"},
	"code":         &transport.Error{Code: "out_of_range", Message: "too far"},
	"wrapped":      fmt.Errorf("sum: %w", &transport.Error{Status: 400, Code: "overflow", Message: "int overflow"}),
	"unicode":      &transport.Error{Status: 404, Code: "no_such_user", Message: "\"jürgen\" <語>\n"},
	"plain":        errors.New("disk is full"),
	"deadline":     context.DeadlineExceeded,
	"canceled":     fmt.Errorf("sum: %w", context.Canceled),
	"no endpoints": kitlb.ErrNoEndpoints,
	"teapot":       &transport.Error{Status: 418, Code: "teapot", Message: "short and stout"},
	"client close": &transport.Error{Status: 499},
	"data loss":    &transport.Error{Status: 500, Code: "data_loss"},
	"twisted":      &transport.Error{Status: 409, Code: "not_found", Message: "a code with another's status"},
}

// TestBothWiresCarryTheSame: the same service, called over HTTP and gRPC, fails
// the same way.
func TestBothWiresCarryTheSame(t *testing.T) {
	for name, sent := range sentErrors {
		want := transport.ErrorOf(sent)

		_, err := dial(t, start(t, returning(sent)))(t.Context(), "")
		got, ok := errors.AsType[*transport.Error](err)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s over gRPC (-sent +got):\n%s", name, diff)
		}
		e, ok := errors.AsType[*kitgrpc.Error](err)
		if !ok || e.StatusCode() != want.Status || e.ErrorCode() != want.Code || e.Error() != want.Message || e.NotSent() {
			t.Errorf("%s: *kitgrpc.Error is %d %s %q, not sent: %t", name, e.StatusCode(), e.ErrorCode(), e.Error(), e.NotSent())
		}
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("%s: the server's context looks like the caller's own", name)
		}

		if s, ok := errors.AsType[*transport.Error](sent); ok && !errors.Is(err, s) {
			t.Errorf("%s: %v is not what was sent", name, err)
		}

		l := listen(t)
		h := kithttp.NewServer(func(context.Context, any) (any, error) { return nil, sent }, kithttp.DecodeJSON[string])
		serve(t, kithttp.Server(l, h, kithttp.Config{}), transport.Config{Propagation: -1})
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		call, closer, cErr := kithttp.Factory(newHTTP(c), kithttp.ClientConfig{})(l.Addr().String())
		if cErr != nil {
			t.Fatal(cErr)
		}
		_, err = call(t.Context(), "")
		if diff := cmp.Diff(error(got), err); diff != "" {
			t.Errorf("%s (-gRPC +HTTP):\n%s", name, diff)
		}
		_ = closer.Close()
	}
}

func TestToStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		err      error
		code     codes.Code
		message  string
		detailed bool
	}{
		"plain":          {io.EOF, codes.Unknown, "EOF", false},
		"by status":      {&transport.Error{Status: 404}, codes.NotFound, "Not Found", false},
		"by code":        {&transport.Error{Code: "aborted", Message: "m"}, codes.Aborted, "m", false},
		"by both":        {&transport.Error{Status: 409, Code: "aborted", Message: "m"}, codes.Aborted, "m", false},
		"own code":       {&transport.Error{Status: 404, Code: "no_such_user", Message: "m"}, codes.NotFound, "m", true},
		"own status":     {&transport.Error{Status: 422, Message: "m"}, codes.InvalidArgument, "m", true},
		"deadline":       {context.DeadlineExceeded, codes.DeadlineExceeded, "context deadline exceeded", false},
		"canceled":       {context.Canceled, codes.Canceled, "context canceled", false},
		"not UTF-8":      {errors.New("a\xffb"), codes.Unknown, "a\uFFFDb", false},
		"status":         {status.Error(codes.DataLoss, "m"), codes.DataLoss, "m", false},
		"wrapped status": {fmt.Errorf("sum: %w", status.Error(codes.DataLoss, "m")), codes.DataLoss, "m", false},
		"status, OK":     {fakeStatus{}, codes.Unknown, "fake", false},
		"relayed, no connection": {status.Error(codes.Unavailable, `connection error: desc = "transport: Error while dialing: refused"`), codes.Unavailable,
			`upstream: connection error: desc = "transport: Error while dialing: refused"`, false},
	} {
		st := kitgrpc.ToStatus(tt.err)
		if st.Code() != tt.code || st.Message() != tt.message || len(st.Details()) > 0 != tt.detailed {
			t.Errorf("%s: %s %q %v, want %s %q, details: %t", name, st.Code(), st.Message(), st.Details(), tt.code, tt.message, tt.detailed)
		}
	}
	if st := kitgrpc.ToStatus(nil); st.Code() != codes.OK || st.Err() != nil {
		t.Errorf("nil is %v", st)
	}
}

// fakeStatus has a status that is none.
type fakeStatus struct{}

func (fakeStatus) Error() string              { return "fake" }
func (fakeStatus) GRPCStatus() *status.Status { return nil }

func TestFromError(t *testing.T) {
	detailed, err := status.New(codes.NotFound, "m").WithDetails(&errdetails.RequestInfo{}, &errdetails.ErrorInfo{Reason: "NO_SUCH_USER", Domain: "users.example.com", Metadata: map[string]string{"status": "410"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		err     error
		want    *transport.Error
		notSent bool
	}{
		"status":        {status.Error(codes.NotFound, "m"), &transport.Error{Status: 404, Code: "not_found", Message: "m"}, false},
		"no message":    {status.Error(codes.NotFound, ""), &transport.Error{Status: 404, Code: "not_found"}, false},
		"future code":   {status.Error(77, "m"), &transport.Error{Status: 500, Code: "unknown", Message: "m"}, false},
		"other's info":  {detailed.Err(), &transport.Error{Status: 404, Code: "NO_SUCH_USER", Message: "m"}, false},
		"unavailable":   {status.Error(codes.Unavailable, "m"), &transport.Error{Status: 503, Code: "unavailable", Message: "m"}, false},
		"no connection": {status.Error(codes.Unavailable, `connection error: desc = "transport: Error while dialing: refused"`), &transport.Error{Status: 503, Code: "unavailable", Message: `connection error: desc = "transport: Error while dialing: refused"`}, true},
	} {
		err := kitgrpc.FromError(tt.err)
		e, ok := errors.AsType[*kitgrpc.Error](err)
		if !ok {
			t.Errorf("%s: %T", name, err)
			continue
		}
		got, _ := errors.AsType[*transport.Error](err)
		if diff := cmp.Diff(tt.want, got); diff != "" || e.NotSent() != tt.notSent {
			t.Errorf("%s: not sent: %t (-want +got):\n%s", name, e.NotSent(), diff)
		}
		if status.Code(err) != status.Code(tt.err) || kitgrpc.FromError(err) != err {
			t.Errorf("%s: status %v, again %v", name, status.Code(err), kitgrpc.FromError(err))
		}
	}
	for _, err := range []error{nil, io.EOF, fakeStatus{}} {
		if got := kitgrpc.FromError(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// TestErrorsPassThroughAService: what one service was told, it tells its own
// caller, except that its caller's call was very much sent.
func TestErrorsPassThroughAService(t *testing.T) {
	closed := listen(t)
	_ = closed.Close()
	for name, tt := range map[string]struct {
		back string
		want *transport.Error
	}{
		"business error": {start(t, returning(sentErrors["whole"])), transport.ErrorOf(sentErrors["whole"])},
		"no connection":  {closed.Addr().String(), &transport.Error{Status: 503, Code: "unavailable"}},
	} {
		back := dial(t, tt.back)
		front := start(t, func(ctx context.Context, text string) (string, error) {
			_, err := back(ctx, text)
			return "", err
		})
		_, err := dial(t, front)(t.Context(), "")
		e, ok := errors.AsType[*kitgrpc.Error](err)
		if !ok || e.StatusCode() != tt.want.Status || e.ErrorCode() != tt.want.Code || e.NotSent() {
			t.Errorf("%s: %#v", name, err)
		}
		if again, ok := errors.AsType[*kitgrpc.Error](kitgrpc.FromError(status.Convert(err).Err())); !ok || again.NotSent() {
			t.Errorf("%s: by its text alone, it was not sent: %v", name, err)
		}
	}
}

// TestTurnedAwayElsewhere: what gRPC says of a stream that was turned away, a server
// may have been told by another, and tell its own caller, in whose name it has
// worked by then.
func TestTurnedAwayElsewhere(t *testing.T) {
	away := status.Error(codes.Unavailable, "the connection is draining")
	midway := func(s grpc.ServerStream) error {
		if err := hello(s); err != nil {
			return err
		}
		return away
	}
	headed := echo(func(ctx context.Context, _ string) (string, error) {
		return "", errors.Join(grpc.SendHeader(ctx, metadata.MD{}), away)
	})
	l, plain := listen(t), grpc.NewServer()
	talk(midway).register(plain)
	served := make(chan error)
	go func() { served <- plain.Serve(l) }()
	defer func() { plain.Stop(); <-served }()
	ours := listen(t)
	s := kitgrpc.NewServer(kitgrpc.Config{})
	talk(midway).register(s)
	serve(t, s.On(ours), transport.Config{Propagation: -1})

	streamed := func(l net.Listener) error {
		return open(t, connection(t, l)).RecvMsg(new(wrapperspb.StringValue))
	}
	_, called := dial(t, start(t, headed))(t.Context(), "")
	for name, err := range map[string]error{"call": called, "stream": streamed(ours), "stream of a server that is not ours": streamed(l)} {
		if e, ok := errors.AsType[*kitgrpc.Error](err); !ok || e.StatusCode() != 503 || e.NotSent() {
			t.Errorf("%s: %v counts as not sent", name, err)
		}
	}
}
