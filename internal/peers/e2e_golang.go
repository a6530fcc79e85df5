package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/kitgen/kitgen/internal/peers/echo"
	pb "github.com/kitgen/kitgen/internal/peers/echo/api/echo/v1"
)

// loopback opens a port.
func loopback() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// pbEcho is the service as those have it who implement grpc's own interface.
type pbEcho struct{ pb.UnimplementedEchoServer }

func (pbEcho) Echo(_ context.Context, m *pb.EchoRequest) (*pb.EchoResponse, error) {
	return &pb.EchoResponse{Echoed: m.GetText()}, nil
}

// stubCall calls by grpc's own stub.
func stubCall(cc grpc.ClientConnInterface) echoed {
	client := pb.NewEchoClient(cc)
	return func(ctx context.Context, text string) (string, error) {
		m, err := client.Echo(ctx, &pb.EchoRequest{Text: text})
		return m.GetEchoed(), err
	}
}

// serveGRPC serves s, and returns its address and what stops it.
func serveGRPC(s *grpc.Server) (addr string, stop func() error, err error) {
	l, err := loopback()
	if err != nil {
		return "", nil, err
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	return l.Addr().String(), func() error {
		s.Stop()
		return <-done
	}, nil
}

// dialGRPC is a connection as grpc-go makes it, which finds out when nobody is
// there any more, as ours do.
func dialGRPC(addr string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}))
}

// openBareGRPC is grpc-go's client and server, and nothing around them: the floor.
func openBareGRPC() (line, error) {
	return openStub(func(s *grpc.Server) { pb.RegisterEchoServer(s, pbEcho{}) }, stubCall)
}

// openStub is a bare connection and a bare server.
func openStub(register func(*grpc.Server), over func(grpc.ClientConnInterface) echoed) (line, error) {
	s := grpc.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second}))
	register(s)
	addr, stop, err := serveGRPC(s)
	if err != nil {
		return line{}, err
	}
	cc, err := dialGRPC(addr)
	if err != nil {
		return line{}, errors.Join(err, stop())
	}
	return line{over(cc), func() error { return errors.Join(cc.Close(), stop()) }}, nil
}

// idle is how many idle connections every system may keep that has no mind of
// its own: more than there are callers.
const idle = 256

// idleTimeout is after how long a server hangs up on who says nothing.
const idleTimeout = 2 * time.Minute

// newHTTPClient is a client whose connections are its own.
func newHTTPClient() (c *http.Client, end func()) {
	t := &http.Transport{MaxIdleConnsPerHost: idle, DisableCompression: true}
	return &http.Client{Transport: t}, t.CloseIdleConnections
}

// serveHTTP serves h as a server ought to be served, with bounds for who says
// nothing, and returns its URL and what stops it.
func serveHTTP(h http.Handler) (url string, stop func() error, err error) {
	l, err := loopback()
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: idleTimeout} // as ours has them
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	return "http://" + l.Addr().String(), func() error {
		err := s.Close()
		if serveErr := <-done; !errors.Is(serveErr, http.ErrServerClosed) {
			return serveErr
		}
		return err
	}, nil
}

const contentJSON = "application/json"

// openBareHTTP is net/http with encoding/json, as a careful author writes it by
// hand: bodies of known length, in one piece, limited. The floor.
func openBareHTTP() (line, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", bareEcho)
	url, stop, err := serveHTTP(mux)
	if err != nil {
		return line{}, err
	}
	client, end := newHTTPClient()
	return line{
		func(ctx context.Context, text string) (string, error) {
			return bareCall(ctx, client, url+"/echo", text)
		},
		func() error { end(); return stop() },
	}, nil
}

func bareEcho(w http.ResponseWriter, r *http.Request) {
	var req echo.EchoRequest
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4<<20))
	if err == nil {
		err = json.Unmarshal(body, &req)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out, err := json.Marshal(echo.EchoResponse{Echoed: req.Text})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentJSON)
	_, _ = w.Write(out) // the caller may have gone
}

func bareCall(ctx context.Context, client *http.Client, url, text string) (string, error) {
	out, err := json.Marshal(echo.EchoRequest{Text: text})
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(out))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", contentJSON)
	w, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusOK {
		return "", fmt.Errorf("answered with %s", w.Status)
	}
	body, err := io.ReadAll(io.LimitReader(w.Body, 4<<20))
	if err != nil {
		return "", err
	}
	var resp echo.EchoResponse
	err = json.Unmarshal(body, &resp)
	return resp.Echoed, err
}

// golangWires are the floors with what every call ought to have.
func golangWires() []row {
	return []row{
		{wire: wireGRPC + ".deadline", open: func() (line, error) { return withDeadline(openBareGRPC()) }},
		{wire: wireHTTP + ".deadline", open: func() (line, error) { return withDeadline(openBareHTTP()) }},
	}
}

// withDeadline is a line whose callers do not wait for ever.
func withDeadline(l line, err error) (line, error) {
	call := l.call
	l.call = func(ctx context.Context, text string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return call(ctx, text)
	}
	return l, err
}
