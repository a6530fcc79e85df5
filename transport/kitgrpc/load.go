package kitgrpc

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/kitgen/kitgen/internal/load"
)

// Meter measures how busy a process is: requests in flight, and the median
// latency of recent ones. The zero Meter is ready, and safe for concurrent use.
// It is the same type as kithttp.Meter: servers that share a process share one.
//
// A server with one as Config.Load tells clients in the trailer kit-load of every
// call, such as "rif=3, latency=12000us", and answers probes. A call counts until
// its handler and the interceptors within have returned, and is not counted in
// its own trailer. Latencies are those of answers to unary calls: what fails by
// the server's fault, was cancelled or is a stream is not timed. Calls of grpc's
// own services (health, reflection) are not counted.
type Meter = load.Meter

const (
	loadService = "kitgen.Load"
	loadMethod  = "/" + loadService + "/Probe" // takes and returns google.protobuf.Empty
	loadTrailer = "kit-load"                   // load.Header, as gRPC spells it
)

// answered says whether err is an answer to a call, and not the server's failure
// to find one.
func answered(err error) bool {
	switch ToStatus(err).Code() {
	case codes.Unknown, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Unimplemented,
		codes.Internal, codes.Unavailable, codes.DataLoss, codes.Canceled:
		return false
	}
	return true
}

// registerLoad makes s answer probes: a client that looks for an instance with
// little to do asks some how busy they are, which is cheaper than a call.
// Interceptors see probes as calls of kitgen.Load.
func registerLoad(s grpc.ServiceRegistrar, m *Meter) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: loadService,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Probe", Handler: answerProbe}},
	}, m)
}

//nolint:revive // the order of the parameters is grpc's
func answerProbe(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
	m, ok := srv.(*Meter)
	if !ok {
		return nil, fmt.Errorf("kitgrpc: a meter is served, not %T", srv) // cannot happen: registerLoad takes nothing else
	}
	in := new(emptypb.Empty)
	if err := decode(in); err != nil {
		return nil, err
	}
	answer := func(ctx context.Context, _ any) (any, error) {
		return in, grpc.SetTrailer(ctx, metadata.MD{loadTrailer: {m.Report().String()}})
	}
	if intercept == nil {
		return answer(ctx, in)
	}
	return intercept(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: loadMethod}, answer)
}

// Probe asks the server of cc how busy it is: requests in flight, and the median
// latency of recent ones, 0 if it does not know. The server needs Config.Load.
// The closer of what Factory makes has a method Probe(ctx) that calls it, by
// which lb.Probing asks.
func Probe(ctx context.Context, cc grpc.ClientConnInterface) (inFlight int, latency time.Duration, err error) {
	var trailer metadata.MD
	msg := new(emptypb.Empty)
	switch err := cc.Invoke(ctx, loadMethod, msg, msg, grpc.Trailer(&trailer)); {
	case ToStatus(err).Code() == codes.Unimplemented:
		return 0, 0, fmt.Errorf("probe: %w: the server needs kitgrpc.Config.Load", err)
	case err != nil:
		return 0, 0, fmt.Errorf("probe: %w", err)
	}
	text := trailer.Get(loadTrailer)
	if len(text) == 0 {
		return 0, 0, fmt.Errorf("probe: the answer has no trailer %s", loadTrailer)
	}
	r, err := load.Parse(text[0])
	if err != nil {
		return 0, 0, fmt.Errorf("probe: %w", err)
	}
	return r.InFlight, r.Latency, nil
}

// deliver hands on what the server said of its load.
func deliver(ctx context.Context, trailer metadata.MD) {
	if text := trailer[loadTrailer]; len(text) > 0 {
		load.Deliver(ctx, text[0])
	}
}
