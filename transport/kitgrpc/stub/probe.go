package stub

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"

	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// Probe asks the instance how busy it is, for lb.Probing.
func (c *conn) Probe(ctx context.Context) (inFlight int, latency time.Duration, err error) {
	if !c.ready.Load() {
		return 0, 0, errNotReady
	}
	p, free := c.sc.GetOrBuildProducer(overSubConn{})
	defer free()
	cc, ok := p.(overSubConn)
	if !ok || cc.ClientConnInterface == nil {
		return 0, 0, errNotReady
	}
	return kitgrpc.Probe(ctx, cc)
}

// overSubConn calls over a SubConn, for which gRPC does not look at options that
// ask for a trailer. The zero value makes such.
type overSubConn struct{ grpc.ClientConnInterface }

// Build implements balancer.ProducerBuilder.
func (overSubConn) Build(cc any) (p balancer.Producer, free func()) {
	c, _ := cc.(grpc.ClientConnInterface)
	return overSubConn{c}, func() {}
}

// Invoke implements grpc.ClientConnInterface.
func (o overSubConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	s, err := o.NewStream(ctx, new(grpc.StreamDesc), method, opts...)
	if err != nil {
		return err
	}
	if err := s.SendMsg(args); err != nil {
		return err
	}
	if err := s.RecvMsg(reply); err != nil {
		return err
	}
	for _, o := range opts {
		if t, ok := o.(grpc.TrailerCallOption); ok {
			*t.TrailerAddr = s.Trailer()
		}
	}
	return nil
}
