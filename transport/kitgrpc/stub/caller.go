package stub

import (
	"context"
	"strings"
	"sync"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/lb"
)

// caller is the interceptors of a connection.
type caller struct{ methods endpoints }

// unary calls through what surrounds the method, if anything does.
func (c *caller) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if c.methods.around == nil {
		return newTrip(ctx).unary(method, req, reply, cc, invoke, opts)
	}
	call, err := newRoundTrip(ctx, method, reply, cc, invoke, opts)
	if err != nil {
		return err
	}
	response, err := c.methods.get(method)(call, req)
	return call.finish(response, err)
}

// stream opens a stream, whose errors are as those of calls.
func (*caller) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if desc.ClientStreams || desc.ServerStreams {
		ctx = lb.Untimed(ctx)
	}
	t := newTrip(ctx)
	t.lasts = true
	s, err := open(t, desc, cc, method, opts...)
	if err != nil {
		return nil, t.fail(err, false)
	}
	return &stream{ClientStream: s, trip: t}, nil
}

// endpoints are what surrounds each method, around one that calls by the
// context's round trip. They are made once, since policies remember.
type endpoints struct {
	around func(name string) endpoint.Middleware // nil: nothing

	mu   sync.RWMutex // guards made
	made map[string]endpoint.Endpoint
}

// get returns that of a method, as gRPC names it.
func (e *endpoints) get(full string) endpoint.Endpoint {
	e.mu.RLock()
	made := e.made[full]
	e.mu.RUnlock()
	if made != nil {
		return made
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if made := e.made[full]; made != nil {
		return made
	}
	made = attemptOf
	if mw := e.around(full[strings.LastIndexByte(full, '/')+1:]); mw != nil {
		made = mw(made)
	}
	if e.made == nil {
		e.made = make(map[string]endpoint.Endpoint)
	}
	e.made[full] = made
	return made
}
