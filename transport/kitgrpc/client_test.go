package kitgrpc_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitgrpctransport "github.com/go-kit/kit/transport/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

func newHTTP(c *http.Client) func(*url.URL, *http.Client) endpoint.Endpoint {
	return func(base *url.URL, _ *http.Client) endpoint.Endpoint {
		return kithttp.NewEndpoint[string](c, "POST", base, "/")
	}
}

func TestRoundTrip(t *testing.T) {
	addr := start(t, func(_ context.Context, text string) (string, error) { return "hello " + text, nil })
	if got, err := dial(t, addr)(t.Context(), "you"); got != "hello you" || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// TestGoKitsClientWorks: it takes the connection that Factory made, and gets
// our errors.
func TestGoKitsClientWorks(t *testing.T) {
	sent := &transport.Error{Status: 422, Code: "empty", Message: "empty string"}
	addr := start(t, func(_ context.Context, text string) (string, error) {
		if text == "" {
			return "", sent
		}
		return "hello " + text, nil
	})
	encode := func(_ context.Context, request any) (any, error) { return wrapperspb.String(request.(string)), nil }
	decode := func(_ context.Context, response any) (any, error) {
		return response.(*wrapperspb.StringValue).Value, nil
	}
	call, closer, err := kitgrpc.Factory(func(cc *grpc.ClientConn) endpoint.Endpoint {
		return kitgrpctransport.NewClient(cc, "test.Echo", "Say", encode, decode, &wrapperspb.StringValue{}).Endpoint()
	})(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if got, err := call(t.Context(), "you"); got != "hello you" || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := call(t.Context(), ""); !errors.Is(err, sent) {
		t.Errorf("%v is not what was sent", err)
	}
}

// TestInstanceWithAZone is reachable: a link-local address needs to say over which
// interface.
func TestInstanceWithAZone(t *testing.T) {
	l, err := net.Listen("tcp", "[::1%lo]:0")
	if err != nil {
		t.Skip("no IPv6: ", err)
	}
	serve(t, newServer(l, same), transport.Config{Propagation: -1})
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t, "[::1%lo]:"+port)(t.Context(), "hello"); err != nil {
		t.Error(err)
	}
}

func TestFactoryRefusesWhatIsNoInstance(t *testing.T) {
	for _, instance := range []string{"", "addsvc", "http://addsvc:80/"} {
		_, closer, err := kitgrpc.Factory(saying)(instance)
		if err == nil {
			t.Errorf("%q is an instance", instance)
			_ = closer.Close()
		}
	}
	if _, _, err := kitgrpc.Factory(saying, grpc.WithTransportCredentials(nil))("addsvc:80"); err == nil {
		t.Error("grpc's own complaint is lost")
	}
}

func TestCloserEndsCalls(t *testing.T) {
	entered := make(chan struct{})
	addr := start(t, func(ctx context.Context, _ string) (string, error) {
		close(entered)
		<-ctx.Done()
		return "", ctx.Err()
	})
	var call endpoint.Endpoint
	closer := connect(t, addr, func(cc *grpc.ClientConn) { call = saying(cc) })
	failed := make(chan error)
	go func() {
		_, err := call(t.Context(), "")
		failed <- err
	}()
	<-entered
	if err := closer.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("the call outlived its connection")
	}
}

// TestNotSent: what is certain may be sent again by anybody, what is not only
// by those who know that it does no harm.
func TestNotSent(t *testing.T) {
	closed := listen(t)
	_ = closed.Close()
	mute := listen(t) // its backlog accepts, and nobody ever says a word
	during := expiring{t.Context(), make(chan struct{})}
	block := start(t, func(ctx context.Context, _ string) (string, error) {
		close(during.passed)
		<-ctx.Done()
		return "", ctx.Err()
	})
	dying, entered := listen(t), make(chan struct{})
	s := newServer(dying, func(ctx context.Context, _ string) (string, error) {
		close(entered)
		<-ctx.Done()
		return "", ctx.Err()
	})
	serve(t, s, transport.Config{Propagation: -1})
	go func() { <-entered; _ = s.Close() }()

	for name, tt := range map[string]struct {
		addr    string
		timeout time.Duration // negative: during is the context
		want    classify.Outcome
	}{
		"refused":                 {closed.Addr().String(), 0, classify.NotSent},
		"timeout while dialling":  {mute.Addr().String(), 50 * time.Millisecond, classify.NotSent},
		"stream refused":          {refusing(t), 0, classify.NotSent},
		"timeout of the call":     {block, -1, classify.Failure},
		"server died in the call": {dying.Addr().String(), 0, classify.Failure},
	} {
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		switch {
		case tt.timeout > 0:
			ctx, cancel = context.WithTimeout(ctx, tt.timeout)
		case tt.timeout < 0:
			ctx = during
		}
		_, err := dial(t, tt.addr)(ctx, "")
		if got := classify.Default(ctx, nil, err); got != tt.want {
			t.Errorf("%s: %v is %s, want %s", name, err, got, tt.want)
		}
		if tt.timeout != 0 && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v is not the caller's deadline", name, err)
		}
		cancel()
	}
}

// TestRefusedStreams: one in a thousand of them comes back as io.EOF.
func TestRefusedStreams(t *testing.T) {
	call := dial(t, refusing(t))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				_, err := call(t.Context(), "")
				if e, ok := errors.AsType[*kitgrpc.Error](err); !ok || !e.NotSent() || e.StatusCode() != 503 {
					t.Errorf("%T %v", err, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestCallersCancelIsNobodysFault(t *testing.T) {
	entered := make(chan struct{})
	addr := start(t, func(ctx context.Context, _ string) (string, error) {
		close(entered)
		<-ctx.Done()
		return "", ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	_, err := dial(t, addr)(ctx, "")
	if got := classify.Default(ctx, nil, err); got != classify.Excluded || !errors.Is(err, context.Canceled) {
		t.Errorf("%v is %s", err, got)
	}
}

// refusing is a server that speaks just enough HTTP/2 to refuse every stream.
func refusing(t *testing.T) string {
	l := listen(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { refuseAll(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}

// The frames of RFC 9113 that refuseAll needs.
const (
	frameHeaders   = 0x1
	frameRSTStream = 0x3
	frameSettings  = 0x4
	flagAck        = 0x1
	refusedStream  = 0x7
)

func refuseAll(c net.Conn) {
	defer c.Close()
	send := func(kind, flags byte, stream uint32, payload ...byte) {
		head := []byte{0, 0, byte(len(payload)), kind, flags}
		_, _ = c.Write(append(binary.BigEndian.AppendUint32(head, stream), payload...))
	}
	send(frameSettings, 0, 0)
	if _, err := io.CopyN(io.Discard, c, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return
	}
	for {
		var head [9]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(head[0])<<16|int64(head[1])<<8|int64(head[2])); err != nil {
			return
		}
		switch {
		case head[3] == frameSettings && head[4] != flagAck:
			send(frameSettings, flagAck, 0)
		case head[3] == frameHeaders:
			send(frameRSTStream, 0, binary.BigEndian.Uint32(head[5:]), 0, 0, 0, refusedStream)
		}
	}
}

// TestCallOptionsOfTheCallerAreKept: the interceptor has some of its own.
func TestCallOptionsOfTheCallerAreKept(t *testing.T) {
	addr := start(t, func(ctx context.Context, text string) (string, error) {
		return text, grpc.SetTrailer(ctx, metadata.Pairs("left", "over"))
	})
	connect(t, addr, func(cc *grpc.ClientConn) {
		var trailer metadata.MD
		opts := make([]grpc.CallOption, 1, 8)
		opts[0] = grpc.Trailer(&trailer)
		if err := cc.Invoke(t.Context(), say, wrapperspb.String(""), new(wrapperspb.StringValue), opts...); err != nil {
			t.Error(err)
		}
		if got := trailer.Get("left"); len(got) != 1 {
			t.Errorf("trailer is %v", trailer)
		}
		if opts[:2][1] != nil {
			t.Error("the interceptor wrote into the caller's slice")
		}
	})
}
