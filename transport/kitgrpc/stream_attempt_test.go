package kitgrpc_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// listening is an opened stream as the response of an endpoint.
type listening struct {
	grpc.ClientStream

	end func(error)
}

func (l *listening) OnEnd(f func(error)) { l.end = f }

// TestStreamsOutliveTheirAttempt: the timeout of the attempt that opened a stream
// is none that the server should know, which would end it then.
func TestStreamsOutliveTheirAttempt(t *testing.T) {
	addr := start(t, func(ctx context.Context, _ string) (string, error) {
		if d, ok := ctx.Deadline(); ok {
			return "it ends in " + time.Until(d).String(), nil
		}
		return "it goes on", nil
	})
	open := func(cc *grpc.ClientConn) endpoint.Endpoint {
		return func(ctx context.Context, _ any) (any, error) {
			s, err := cc.NewStream(ctx, &listenDesc, listenName)
			if err != nil {
				return nil, err
			}
			if err := s.SendMsg(wrapperspb.String("?")); err != nil {
				return nil, err
			}
			return &listening{ClientStream: s}, s.CloseSend()
		}
	}
	e, closer, err := kitgrpc.Factory(open)(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	resp, err := retry.New(retry.Config{Streams: true, AttemptTimeout: time.Minute})(e)(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, out := resp.(*listening), new(wrapperspb.StringValue)
	defer s.end(nil)
	if err := s.RecvMsg(out); err != nil || out.Value != "it goes on" {
		t.Errorf("the server says %q, %v; want no deadline", out.Value, err)
	}
}

// TestAttemptsTimeOutWhereResponsesMayBeStreams: gRPC sees the context end as if
// it was cancelled, and calls that were cancelled are not made again.
func TestAttemptsTimeOutWhereResponsesMayBeStreams(t *testing.T) {
	release := make(chan struct{})
	addr := start(t, func(_ context.Context, text string) (string, error) {
		if text == "?" {
			<-release
		}
		return "", nil
	})
	defer close(release)
	e, closer, err := kitgrpc.Factory(saying)(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if _, err := e(t.Context(), "are you there?"); err != nil { // an attempt that cannot be sent tells nothing
		t.Fatal(err)
	}
	var seen []classify.Outcome
	cfg := retry.Config{
		Streams: true, Idempotent: true, Attempts: 2, AttemptTimeout: 200 * time.Millisecond,
		Classify: func(ctx context.Context, resp any, err error) classify.Outcome {
			o := classify.Default(ctx, resp, err)
			seen = append(seen, o)
			return o
		},
	}
	if _, err := retry.New(cfg)(e)(t.Context(), "?"); err == nil || len(seen) != 2 || seen[0] != classify.Failure {
		t.Errorf("outcomes %v, error %v; want two attempts that failed", seen, err)
	}
}
