package kitgrpc

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
)

// ORCA (Open Request Cost Aggregation) is how servers tell gRPC's balancers, such
// as weighted_round_robin, how much they do: in the trailer of each call (gRPC's
// proposal A51) and by a service of its own. Its messages come with the whole of
// xDS in Go; they are few numbers, and written here.
const (
	orcaService = "xds.service.orca.v3.OpenRcaService"
	orcaTrailer = "endpoint-load-metrics-bin" // an xds.data.orca.v3.OrcaLoadReport
)

// Fields of an OrcaLoadReport.
const (
	orcaRPS         = 6 // rps_fractional
	orcaEPS         = 7
	orcaUtilization = 9 // application_utilization
)

// usageEvery is for how long a report is told.
const usageEvery = time.Second

// usage makes reports of how much a server does.
type usage struct {
	utilization func() float64 // does not panic

	calls, failures atomic.Uint64          // that ended
	latest          atomic.Pointer[string] // a report; empty until there is one
	until           atomic.Int64           // how long latest is told, in nanoseconds since began
	began           time.Time

	mu sync.Mutex // guards last; whoever holds it makes the next report
	// last is what there was when latest was made.
	last struct {
		at              time.Duration
		calls, failures uint64
	}
}

func newUsage(utilization func() float64) *usage {
	u := &usage{utilization: utilization, began: time.Now()}
	u.latest.Store(new(string))
	u.until.Store(int64(usageEvery))
	return u
}

// after counts a call that ended, and returns the report that goes with it;
// empty if there is none yet.
func (u *usage) after(answered bool) string {
	u.calls.Add(1)
	if !answered {
		u.failures.Add(1)
	}
	return u.report()
}

func (u *usage) report() string {
	now := time.Since(u.began)
	if int64(now) >= u.until.Load() && u.mu.TryLock() {
		u.renew(now)
		u.mu.Unlock()
	}
	return *u.latest.Load()
}

// renew needs u.mu.
func (u *usage) renew(now time.Duration) {
	took := (now - u.last.at).Seconds()
	if took <= 0 { // somebody was faster
		return
	}
	calls, failures := u.calls.Load(), u.failures.Load()
	rps, eps := float64(calls-u.last.calls)/took, float64(failures-u.last.failures)/took
	u.last.at, u.last.calls, u.last.failures = now, calls, failures
	var b []byte
	for _, field := range []struct {
		number protowire.Number
		value  float64
	}{{orcaRPS, rps}, {orcaEPS, eps}, {orcaUtilization, u.utilization()}} {
		if !(field.value > 0) || math.IsInf(field.value, 0) { // NaN is neither; zero is not sent, as in all of proto3
			continue
		}
		b = protowire.AppendTag(b, field.number, protowire.Fixed64Type)
		b = protowire.AppendFixed64(b, math.Float64bits(field.value))
	}
	report := string(b)
	u.latest.Store(&report)
	u.until.Store(int64(now + usageEvery))
}

// registerUsage makes s stream reports to who asks for them.
func registerUsage(s grpc.ServiceRegistrar, u *usage) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: orcaService,
		HandlerType: (*any)(nil),
		Streams:     []grpc.StreamDesc{{StreamName: "StreamCoreMetrics", ServerStreams: true, Handler: u.stream}},
	}, u)
}

// stream sends a report every so often until the client goes, or the server.
func (u *usage) stream(_ any, s grpc.ServerStream) error {
	in := new(emptypb.Empty) // keeps the fields that it does not know: all of them
	if err := s.RecvMsg(in); err != nil {
		return err
	}
	tick := time.NewTicker(interval(in.ProtoReflect().GetUnknown()))
	defer tick.Stop()
	for {
		out := new(emptypb.Empty)
		out.ProtoReflect().SetUnknown([]byte(u.report()))
		if err := s.SendMsg(out); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-s.Context().Done():
			return s.Context().Err()
		}
	}
}

// interval is the report_interval of an OrcaLoadReportRequest, its first field;
// as gRPC has it, half a minute if it says none.
func interval(request []byte) time.Duration {
	for len(request) > 0 {
		number, kind, n := protowire.ConsumeTag(request)
		if n < 0 {
			break
		}
		request = request[n:]
		if number == 1 && kind == protowire.BytesType {
			value, n := protowire.ConsumeBytes(request)
			var d durationpb.Duration
			if n >= 0 && proto.Unmarshal(value, &d) == nil && d.IsValid() {
				return max(d.AsDuration(), usageEvery)
			}
			break
		}
		if n = protowire.ConsumeFieldValue(number, kind, request); n < 0 {
			break
		}
		request = request[n:]
	}
	return 30 * time.Second
}
