package kitgrpc

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/kitgen/kitgen/transport"
)

// readReport is the fields of a report.
func readReport(t *testing.T, text string) map[protowire.Number]float64 {
	t.Helper()
	got := map[protowire.Number]float64{}
	for b := []byte(text); len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 || kind != protowire.Fixed64Type {
			t.Fatalf("%q is no report", text)
		}
		bits, m := protowire.ConsumeFixed64(b[n:])
		got[number] = math.Float64frombits(bits)
		b = b[n+m:]
	}
	return got
}

func TestUsage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		use := 0.5
		u := newUsage(func() float64 { return use })
		if got := u.after(true); got != "" {
			t.Errorf("after one call there is a report: %q", got)
		}
		for i := range 9 {
			u.after(i%3 != 0)
		}
		time.Sleep(2 * time.Second)
		if got := readReport(t, u.report()); len(got) != 3 || got[6] != 5 || got[7] != 1.5 || got[9] != 0.5 {
			t.Errorf("10 calls of which 3 failed, in 2 s at one half: %v", got)
		}
		use = math.NaN()
		time.Sleep(500 * time.Millisecond)
		if got := readReport(t, u.after(true)); got[6] != 5 {
			t.Errorf("a report is not told for a second: %v", got)
		}
		time.Sleep(500 * time.Millisecond)
		if got := readReport(t, u.report()); len(got) != 1 || got[6] != 1 {
			t.Errorf("one call in a second, of no known use: %v", got)
		}
	})
}

func TestUtilizationThatPanics(t *testing.T) {
	var logged []any
	s := NewServer(Config{
		Utilization: func() float64 { panic("boom") },
		Logger:      log.LoggerFunc(func(kv ...any) error { logged = kv; return nil }),
	})
	defer s.Stop()
	s.usage.until.Store(0)
	s.usage.after(true)
	if got := readReport(t, s.usage.report()); got[orcaUtilization] != 0 || got[orcaRPS] == 0 {
		t.Errorf("the report is %v", got)
	}
	if text := fmt.Sprint(logged...); !strings.Contains(text, "kitgrpc.Config.Utilization") || !strings.Contains(text, "boom") {
		t.Errorf("logged: %s", text)
	}
}

func TestInterval(t *testing.T) {
	request := func(d *durationpb.Duration) []byte {
		b, err := proto.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		names := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "name")
		return append(names, protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), b)...)
	}
	for name, tt := range map[string]struct {
		request []byte
		want    time.Duration
	}{
		"nothing":   {nil, 30 * time.Second},
		"five":      {request(durationpb.New(5 * time.Second)), 5 * time.Second},
		"too often": {request(durationpb.New(time.Millisecond)), time.Second},
		"negative":  {request(durationpb.New(-time.Hour)), time.Second},
		"invalid":   {request(&durationpb.Duration{Nanos: 1, Seconds: -1}), 30 * time.Second},
		"garbage":   {[]byte{0xff}, 30 * time.Second},
		"cut off":   {request(durationpb.New(5 * time.Second))[:7], 30 * time.Second},
	} {
		if got := interval(tt.request); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestUsageCountsFailures(t *testing.T) {
	for err, want := range map[error]bool{nil: true, errors.New("broken"): false} {
		s := &Server{usage: newUsage(func() float64 { return 0 })}
		s.reports("", err)
		if got := s.usage.failures.Load() == 0; got != want {
			t.Errorf("%v is an answer: %t", err, got)
		}
	}
}

// TestUsageOverTheWire: with each call, and streamed.
func TestUsageOverTheWire(t *testing.T) {
	s := NewServer(Config{Utilization: func() float64 { return 0.25 }})
	s.usage.until.Store(0) // the first report at once
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	on := s.On(l)
	done := make(chan error)
	go func() { done <- on.Serve(new(transport.Ready)) }()
	defer func() {
		_ = on.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	cc, err := newClient(l.Addr().String(), new(conn))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	var trailer metadata.MD
	empty := new(emptypb.Empty)
	if err := cc.Invoke(t.Context(), "/grpc.health.v1.Health/Check", empty, empty, grpc.Trailer(&trailer)); err != nil {
		t.Fatal(err)
	}
	if len(trailer[orcaTrailer]) != 0 {
		t.Error("a health check is counted")
	}
	stream, err := cc.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, "/"+orcaService+"/StreamCoreMetrics")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(empty); err != nil {
		t.Fatal(err)
	}
	report := new(emptypb.Empty)
	if err := stream.RecvMsg(report); err != nil {
		t.Fatal(err)
	}
	if got := readReport(t, string(report.ProtoReflect().GetUnknown())); got[orcaUtilization] != 0.25 {
		t.Errorf("the stream says %v", got)
	}
	if got := on.Calls(); got != 0 {
		t.Errorf("%d calls are counted", got)
	}
}
