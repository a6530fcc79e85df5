package kitgrpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// talk is a service with one stream, in both directions.
type talk func(grpc.ServerStream) error

const talkName = "/test.Talk/Talk"

var talkDesc = grpc.StreamDesc{StreamName: "Talk", ServerStreams: true, ClientStreams: true, Handler: func(srv any, s grpc.ServerStream) error {
	return srv.(talk)(s)
}}

func (f talk) register(s grpc.ServiceRegistrar) {
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "test.Talk", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{talkDesc}}, f)
}

// talking serves f with cfg, and opens a stream that has brought its first message.
func talking(t *testing.T, cfg kitgrpc.Config, drain time.Duration, f talk) (*serving, grpc.ClientStream) {
	t.Helper()
	l := listen(t)
	s := kitgrpc.NewServer(cfg)
	f.register(s)
	p := serve(t, s.On(l), transport.Config{Propagation: -1, Drain: drain})
	return p, open(t, connection(t, l))
}

func open(t *testing.T, cc *grpc.ClientConn) grpc.ClientStream {
	t.Helper()
	stream, err := cc.NewStream(t.Context(), &talkDesc, talkName)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != nil {
		t.Fatal(err)
	}
	return stream
}

func hello(s grpc.ServerStream) error { return s.SendMsg(wrapperspb.String("hello")) }

// TestOpenStreamsEndWithAStatus: none may look complete, or as if the connection
// had broken, whatever its handler does.
func TestOpenStreamsEndWithAStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		handler talk          // deaf if nil
		drain   time.Duration // of which the half is left to the deaf
	}{
		"returns nil when its context ends": {func(s grpc.ServerStream) error { <-s.Context().Done(); return nil }, time.Minute},
		"returns why its context ended":     {func(s grpc.ServerStream) error { <-s.Context().Done(); return context.Cause(s.Context()) }, time.Minute},
		"returns its context's error":       {func(s grpc.ServerStream) error { <-s.Context().Done(); return s.Context().Err() }, time.Minute},
		"waits for a message":               {func(s grpc.ServerStream) error { return s.RecvMsg(new(wrapperspb.StringValue)) }, time.Minute},
		"takes that for the end": {func(s grpc.ServerStream) error {
			var err error
			for err == nil {
				err = s.RecvMsg(new(wrapperspb.StringValue))
			}
			return nil
		}, time.Minute},
		"says goodbye":     {func(s grpc.ServerStream) error { <-s.Context().Done(); return hello(s) }, time.Minute},
		"does not heed it": {nil, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			causes, release := make(chan error, 1), make(chan struct{})
			let := sync.OnceFunc(func() { close(release) })
			defer let()
			if tt.handler == nil {
				tt.handler = func(grpc.ServerStream) error { <-release; return nil }
			}
			p, stream := talking(t, kitgrpc.Config{StreamGrace: -1}, tt.drain, func(s grpc.ServerStream) error {
				if err := hello(s); err != nil {
					return err
				}
				err := tt.handler(s)
				causes <- context.Cause(s.Context())
				return err
			})
			p.stop()
			err := stream.RecvMsg(new(wrapperspb.StringValue))
			if err == nil { // the goodbye
				err = stream.RecvMsg(new(wrapperspb.StringValue))
			}
			e, ok := errors.AsType[*kitgrpc.Error](err)
			if !ok || e.StatusCode() != 503 || e.ErrorCode() != "unavailable" || e.NotSent() {
				t.Fatalf("the client sees %v", err)
			}
			if e.Error() != transport.ErrStopping.Error() {
				t.Errorf("the client is told %q", e)
			}
			if after, ok := e.RetryAfter(); after != 0 || !ok {
				t.Errorf("pushed back %v %t, want 0", after, ok)
			}
			if got := stream.Trailer().Get("kit-draining"); len(got) != 1 || got[0] != "true" {
				t.Errorf("the trailer is %v", stream.Trailer())
			}
			let()
			if cause := <-causes; !errors.Is(cause, transport.ErrStopping) {
				t.Errorf("the context ended because %v", cause)
			}
			if err := <-p.result; err != nil {
				t.Errorf("stopped with %v", err)
			}
		})
	}
}

// TestStreamsMayEndByThemselves in the time that they are given.
func TestStreamsMayEndByThemselves(t *testing.T) {
	p, stream := talking(t, kitgrpc.Config{StreamGrace: time.Minute}, 2*time.Minute, func(s grpc.ServerStream) error {
		if err := hello(s); err != nil {
			return err
		}
		return s.RecvMsg(new(wrapperspb.StringValue))
	})
	p.stop()
	if err := stream.SendMsg(wrapperspb.String("done")); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(wrapperspb.StringValue)); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v", err)
	}
	if err := <-p.result; err != nil {
		t.Error(err)
	}
}

// TestLeavingIsToldInEveryAnswer, from when the process wants no more traffic.
func TestLeavingIsToldInEveryAnswer(t *testing.T) {
	l := listen(t)
	s := kitgrpc.NewServer(kitgrpc.Config{})
	talk(hello).register(s)
	echo(func(_ context.Context, text string) (string, error) {
		if text == "" {
			return "", &transport.Error{Status: 422}
		}
		return text, nil
	}).register(s)
	on := s.On(l)
	serve(t, on, transport.Config{Propagation: -1})
	var cc *grpc.ClientConn
	closer := connect(t, l.Addr().String(), func(c *grpc.ClientConn) { cc = c })
	told := 0
	closer.(interface{ OnDrain(f func()) }).OnDrain(func() { told++ })

	said := func(md metadata.MD) bool { return len(md.Get("kit-draining")) == 1 }
	unary := func(text string) bool {
		var trailer metadata.MD
		err := cc.Invoke(t.Context(), say, wrapperspb.String(text), new(wrapperspb.StringValue), grpc.Trailer(&trailer))
		if (err == nil) != (text != "") {
			t.Errorf("%q: %v", text, err)
		}
		return said(trailer)
	}
	stream := func() (header, trailer bool) {
		s := open(t, cc)
		md, err := s.Header()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RecvMsg(new(wrapperspb.StringValue)); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		return said(md), said(s.Trailer())
	}
	calls := on.Calls()
	for leaving := range 2 {
		want := leaving == 1
		if want {
			on.SetReady(false)
		}
		for _, text := range []string{"hello", ""} {
			if got := unary(text); got != want {
				t.Errorf("leaving: %t; %q says so: %t", want, text, got)
			}
		}
		if header, trailer := stream(); header != want || trailer != want {
			t.Errorf("leaving: %t; the header of a stream says so: %t, the trailer: %t", want, header, trailer)
		}
		if (told > 0) != want {
			t.Errorf("leaving: %t; the connection was told %d times", want, told)
		}
	}
	if told != 4 { // by two unary calls, and twice by the stream
		t.Errorf("the connection was told %d times", told)
	}
	if _, _, err := kitgrpc.Probe(t.Context(), cc); err == nil {
		t.Error("a server without a meter answers probes")
	}
	if got := on.Calls() - calls; got != 6 {
		t.Errorf("%d calls were counted, want 6", got)
	}
}

// TestSilentConnectionsDoNotHoldUpTheDrain: grpc waits for handshakes before
// it tells anybody to go, as long as they may take.
func TestSilentConnectionsDoNotHoldUpTheDrain(t *testing.T) {
	l := listen(t)
	p := serve(t, newServer(l, returning(nil)), transport.Config{Propagation: -1, Drain: time.Minute})
	var silent []net.Conn
	for range 10 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
	}
	if _, err := dial(t, l.Addr().String())(t.Context(), ""); err != nil { // accepted after them
		t.Fatal(err)
	}
	p.stop()
	for _, c := range silent {
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second)) // less than grpc gives a handshake
		if _, err := io.Copy(io.Discard, c); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Errorf("a connection is still open: %v", err)
		}
	}
	if err := <-p.result; err != nil {
		t.Error(err)
	}
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}

// TestReflectionDoesNotHoldUpTheStop: a tool that is left open has a stream.
func TestReflectionDoesNotHoldUpTheStop(t *testing.T) {
	l := listen(t)
	p := serve(t, newServer(l, returning(nil)), transport.Config{Propagation: -1, Drain: time.Hour})
	stream, err := reflectionpb.NewServerReflectionClient(connection(t, l)).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
	if err := stream.Send(ask); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	p.stop()
	if _, err := stream.Recv(); transport.ErrorOf(err).Status != 503 {
		t.Errorf("the stream ended with %v", err)
	}
	if err := <-p.result; err != nil {
		t.Error(err)
	}
}

// TestDeafHandlersDoNotHoldUpAForcedStop: gRPC itself waits for them for ever.
func TestDeafHandlersDoNotHoldUpAForcedStop(t *testing.T) {
	for name, heeds := range map[string]bool{"deaf": false, "heeds its context": true} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			begun, release, returned := make(chan struct{}), make(chan struct{}), make(chan struct{})
			server := newServer(l, func(ctx context.Context, _ string) (string, error) {
				defer close(returned)
				close(begun)
				if heeds {
					<-ctx.Done()
				} else {
					<-release
				}
				return "", nil
			})
			timeline := new(transport.Timeline)
			p := serve(t, server, transport.Config{Propagation: -1, Drain: 10 * time.Millisecond, Timeline: timeline})
			failed := make(chan error, 1)
			go func() { _, err := dial(t, l.Addr().String())(t.Context(), ""); failed <- err }()
			<-begun
			p.stop()
			err := <-p.result
			if want := "grpc server on " + l.Addr().String() + ": drain: stopped by force: calls still in flight after 10ms"; err == nil || err.Error() != want {
				t.Errorf("stopped with %v, want %s\n%s", err, want, timeline)
			}
			select {
			case <-returned:
			default:
				if heeds {
					t.Error("a handler that heeds its context was not waited for")
				}
			}
			for _, s := range timeline.Steps() {
				if s.Running {
					t.Errorf("left behind: %+v", s)
				}
			}
			close(release)
			<-returned
			if err := <-failed; err == nil {
				t.Error("a call that was cut off was answered")
			}
		})
	}
}
