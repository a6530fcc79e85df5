package kitgrpc

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/kitgen/kitgen/transport/internal/draining"
)

// Factory makes one connection for each instance (host:port) and hands it to
// newEndpoint, which may build any number of methods on it: generated stubs
// and go-kit's transport/grpc client both take a *grpc.ClientConn. The closer
// closes it, and has two methods that lb.NewPool and lb.NewProbing look for:
// OnDrain, since a server says in its answers that it leaves, and Probe, which
// asks the instance for its load. The factory waits until the connection is up, or
// could not be made, but for no more than a second: calls do not pay for its
// handshakes.
//
// Calls fail fast: while an instance cannot be reached, its calls fail with
// NotSent() true instead of waiting for it. Every error of a call or a stream is an
// *Error, which knows when the server wants the call again. Under a retry, calls
// and streams tell the server by metadata (kit-attempt) which attempt they are, but
// for a first one that two or more may follow, which restricts nobody.
// opts come last and may replace any default: no transport security
// (grpc.WithTransportCredentials), a first reconnect after 100 ms and then at
// most every 2 s, a ping after 10 s of silence during a call and 3 s for its
// answer, messages of at most 4 MiB from the server, a window of 1 MiB per
// stream (more suits large messages over long ways: grpc.WithInitialWindowSize), no
// proxy. A server that is
// not made with NewServer may take those pings for abuse if its calls last longer
// than half a minute.
func Factory(newEndpoint func(cc *grpc.ClientConn) endpoint.Endpoint, opts ...grpc.DialOption) kitsd.Factory {
	t := newTelling()
	return func(instance string) (endpoint.Endpoint, io.Closer, error) {
		if _, _, err := net.SplitHostPort(instance); err != nil {
			return nil, nil, fmt.Errorf("instance %q: want host:port", instance)
		}
		c := &conn{telling: t}
		var err error
		if c.ClientConn, err = newClient(instance, c, opts...); err != nil {
			return nil, nil, fmt.Errorf("instance %q: %w", instance, err)
		}
		c.warmUp()
		return newEndpoint(c.ClientConn), c, nil
	}
}

// newClient is grpc.NewClient for one address, with our defaults. c is told what
// its calls' answers say.
func newClient(addr string, c *conn, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	all := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: time.Second,
		}),
		grpc.WithInitialWindowSize(streamWindow),
		grpc.WithInitialConnWindowSize(connWindow),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}),
	}, opts...)
	// Last, so that they are the innermost: the other interceptors see an *Error.
	all = append(all, grpc.WithChainUnaryInterceptor(c.unary), grpc.WithChainStreamInterceptor(c.stream))
	target := url.URL{Scheme: "passthrough", Path: "/" + addr} // it escapes the % of a zone
	return grpc.NewClient(target.String(), all...)
}

// conn is the connection to one instance.
type conn struct {
	*grpc.ClientConn
	draining.Hook

	telling *telling // nil if nothing is told of attempts
}

// warmUp connects, and waits for what comes of it.
func (c *conn) warmUp() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c.Connect()
	for state := c.GetState(); state == connectivity.Idle || state == connectivity.Connecting; state = c.GetState() {
		if !c.WaitForStateChange(ctx, state) {
			return
		}
	}
}

// Probe asks the instance how busy it is: see the function Probe.
func (c *conn) Probe(ctx context.Context) (inFlight int, latency time.Duration, err error) {
	return Probe(ctx, c.ClientConn)
}
