package kitgrpc_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// limited serves e with cfg and returns its address.
func limited(t *testing.T, cfg kitgrpc.Config, e echo, opts ...grpc.ServerOption) string {
	t.Helper()
	l := listen(t)
	s := kitgrpc.NewServer(cfg, opts...)
	e.register(s)
	serve(t, s.On(l), transport.Config{Propagation: -1})
	return l.Addr().String()
}

// TestMessagesThatAreTooLarge are turned down with the mend, wherever the limit
// was.
func TestMessagesThatAreTooLarge(t *testing.T) {
	double := echo(func(_ context.Context, text string) (string, error) { return text + text, nil })
	for name, tt := range map[string]struct {
		cfg  kitgrpc.Config
		opts []grpc.DialOption
		size int
		ok   bool
	}{
		"as large as may be":        {kitgrpc.Config{}, nil, 2<<20 - 100, true},
		"a request":                 {kitgrpc.Config{}, nil, 4<<20 + 1, false},
		"a request, own limit":      {kitgrpc.Config{MaxRecv: 1000}, nil, 1001, false},
		"a request, no limit":       {kitgrpc.Config{MaxRecv: -1}, []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16 << 20))}, 5 << 20, true},
		"a response, own limit":     {kitgrpc.Config{MaxSend: 1000}, nil, 600, false},
		"a response, at the client": {kitgrpc.Config{}, nil, 3 << 20, false},
		"a request, at the client":  {kitgrpc.Config{}, []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(10))}, 11, false},
	} {
		var cc *grpc.ClientConn
		connect(t, limited(t, tt.cfg, double), func(c *grpc.ClientConn) { cc = c }, tt.opts...)
		text := strings.Repeat("a", tt.size)
		_, err := saying(cc)(t.Context(), text)
		for kind, err := range map[string]error{"unary": err, "stream": stream(t.Context(), cc, text)} {
			if tt.ok && err == nil {
				continue
			}
			if tt.ok || status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "MaxRecv (requests) or MaxSend (responses)") {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
		}
	}
}

// TestHeadersThatAreTooLarge end the call before the handler.
func TestHeadersThatAreTooLarge(t *testing.T) {
	call := dial(t, limited(t, kitgrpc.Config{}, same))
	for size, ok := range map[int]bool{32 << 10: true, 128 << 10: false} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "large", strings.Repeat("a", size))
		if _, err := call(ctx, "hello"); (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := call(t.Context(), "hello"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestCallsBeyondMaxStreamsWait for their turn, at the client.
func TestCallsBeyondMaxStreamsWait(t *testing.T) {
	const most = 2
	var mu sync.Mutex
	now, peak := 0, 0
	call := dial(t, limited(t, kitgrpc.Config{MaxStreams: most}, func(_ context.Context, text string) (string, error) {
		mu.Lock()
		now++
		peak = max(peak, now)
		mu.Unlock()
		defer func() { mu.Lock(); now--; mu.Unlock() }()
		return text, nil
	}))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := call(t.Context(), "hello"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if peak > most {
		t.Errorf("%d calls at once", peak)
	}
}

// TestConnectionsBeyondMaxConns are refused before a call is sent, so that it
// can go elsewhere.
func TestConnectionsBeyondMaxConns(t *testing.T) {
	addr := limited(t, kitgrpc.Config{MaxConns: 1}, same)
	call := dial(t, addr)
	for { // until the server has let go of the self-probe's
		_, err := call(t.Context(), "hello")
		if err == nil {
			break
		}
		if e, ok := errors.AsType[*kitgrpc.Error](err); !ok || !e.NotSent() || t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	_, err := dial(t, addr)(t.Context(), "hello")
	if e, ok := errors.AsType[*kitgrpc.Error](err); !ok || !e.NotSent() {
		t.Errorf("one too many: %v", err)
	}
	if _, err := call(t.Context(), "hello"); err != nil {
		t.Errorf("the first: %v", err)
	}
}

// TestOptionsComeLast: grpc's own options replace what Config says.
func TestOptionsComeLast(t *testing.T) {
	call := dial(t, limited(t, kitgrpc.Config{MaxRecv: 10}, same, grpc.MaxRecvMsgSize(100)))
	if _, err := call(t.Context(), strings.Repeat("a", 50)); err != nil {
		t.Error(err)
	}
}

// TestStreamsThatDoNotBegin are known not to have been sent.
func TestStreamsThatDoNotBegin(t *testing.T) {
	l := listen(t)
	addr := l.Addr().String()
	_ = l.Close()
	connect(t, addr, func(cc *grpc.ClientConn) {
		_, err := cc.NewStream(t.Context(), &listenDesc, listenName)
		if e, ok := errors.AsType[*kitgrpc.Error](err); !ok || !e.NotSent() || e.StatusCode() != 503 {
			t.Errorf("%v", err)
		}
	})
	connect(t, limited(t, kitgrpc.Config{}, same), func(cc *grpc.ClientConn) {
		s, err := cc.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, "/test.Echo/Nothing")
		if err != nil {
			t.Fatal(err)
		}
		err = s.RecvMsg(new(wrapperspb.StringValue))
		if e, ok := errors.AsType[*kitgrpc.Error](err); !ok || e.NotSent() || e.StatusCode() != 501 {
			t.Errorf("an answer: %v", err)
		}
	})
}
