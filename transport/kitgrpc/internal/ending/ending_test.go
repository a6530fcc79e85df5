package ending_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport/internal/pushback"
	"github.com/kitgen/kitgen/transport/kitgrpc/internal/ending"
)

func TestNotSent(t *testing.T) {
	away := status.Error(codes.Unavailable, "the connection is draining")
	busy := status.Error(codes.Unavailable, "busy")
	for name, tt := range map[string]struct {
		err  error
		seen ending.Seen
		want bool
	}{
		"nobody to call":         {busy, ending.Seen{}, true},
		"answered":               {busy, ending.Seen{Sent: true, Answered: true}, false},
		"broken off":             {busy, ending.Seen{Sent: true}, false},
		"turned away":            {away, ending.Seen{Sent: true}, true},
		"turned away elsewhere":  {away, ending.Seen{Sent: true, Answered: true}, false},
		"by another code":        {status.Error(codes.Canceled, "the connection is draining"), ending.Seen{Sent: true}, false},
		"nothing to read for it": {status.Error(codes.InvalidArgument, "it cannot be written"), ending.Seen{}, false},
		"not written":            {io.EOF, ending.Seen{Sent: true}, true},
	} {
		e, ok := errors.AsType[*ending.Error](tt.seen.Of(t.Context(), tt.err))
		if !ok || e.NotSent != tt.want {
			t.Errorf("%s: not sent: %t", name, ok && e.NotSent)
		}
	}
}

func TestPushback(t *testing.T) {
	for name, tt := range map[string]struct {
		said  []string
		after time.Duration
		ok    bool
	}{
		"nothing": {nil, 0, false},
		"once":    {[]string{"1500"}, 1500 * time.Millisecond, true},
		"twice":   {[]string{"1500", "1500"}, pushback.Never, true},
		"no word": {[]string{"soon"}, pushback.Never, true},
	} {
		seen := ending.Seen{Sent: true, Trailer: metadata.MD{pushback.Trailer: tt.said}}
		e, ok := errors.AsType[*ending.Error](seen.Of(t.Context(), status.Error(codes.Unavailable, "busy")))
		if !ok || e.After != tt.after || e.Pushed != tt.ok {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestCause(t *testing.T) {
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	left, leave := context.WithCancel(t.Context())
	leave()
	for name, tt := range map[string]struct {
		ctx  context.Context
		code codes.Code
		want error
		as   codes.Code
	}{
		"deadline":             {past, codes.DeadlineExceeded, context.DeadlineExceeded, codes.DeadlineExceeded},
		"deadline as cancel":   {past, codes.Canceled, context.DeadlineExceeded, codes.DeadlineExceeded},
		"the server's own":     {t.Context(), codes.DeadlineExceeded, nil, codes.DeadlineExceeded},
		"cancel":               {left, codes.Canceled, context.Canceled, codes.Canceled},
		"answered just before": {left, codes.NotFound, nil, codes.NotFound},
	} {
		e, ok := errors.AsType[*ending.Error](ending.Seen{Sent: true}.Of(tt.ctx, status.Error(tt.code, "m")))
		if !ok || e.Cause != tt.want || e.Status.Code() != tt.as {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestWhatIsNoStatus(t *testing.T) {
	for _, err := range []error{nil, io.ErrUnexpectedEOF} {
		if got := (ending.Seen{}).Of(t.Context(), err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}
