package kitgrpc_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	kitsd "github.com/go-kit/kit/sd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kitgen/kitgen/internal/load"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

// loaded serves e, measured, for the time of the test.
func loaded(t testing.TB, e echo) (*grpc.ClientConn, *kitgrpc.Meter) {
	t.Helper()
	m := new(kitgrpc.Meter)
	s := kitgrpc.NewServer(kitgrpc.Config{Load: m})
	e.register(s)
	l := listen(t)
	serve(t, s.On(l), transport.Config{Propagation: -1})
	return connection(t, l), m
}

func connection(t testing.TB, l net.Listener) (cc *grpc.ClientConn) {
	t.Helper()
	connect(t, l.Addr().String(), func(c *grpc.ClientConn) { cc = c })
	return cc
}

// settle waits until the server has let go of its calls.
func settle(t testing.TB, m *kitgrpc.Meter) load.Report {
	t.Helper()
	for m.Report().InFlight > 0 {
		if t.Context().Err() != nil {
			t.Fatal("calls stay in flight")
		}
		time.Sleep(time.Millisecond)
	}
	return m.Report()
}

// reports are what calls were told.
type reports struct {
	mu  sync.Mutex
	all []load.Report
}

func (r *reports) Receive(report load.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, report)
}

func TestLoadCountsInFlight(t *testing.T) {
	const calls = 7
	release := make(chan struct{})
	var began sync.WaitGroup
	began.Add(calls)
	cc, m := loaded(t, func(_ context.Context, text string) (string, error) {
		began.Done()
		<-release
		return text, nil
	})
	var got reports
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			if _, err := saying(cc)(load.With(t.Context(), &got), "a"); err != nil {
				t.Error(err)
			}
		})
	}
	began.Wait()
	for range 2 { // probes are not counted, nor are calls of grpc's own services
		if _, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Error(err)
		}
		rif, _, err := kitgrpc.Probe(t.Context(), cc)
		if err != nil || rif != calls {
			t.Errorf("a probe says %d, %v; want %d in flight", rif, err, calls)
		}
	}
	close(release)
	all.Wait()
	settle(t, m)
	if len(got.all) != calls {
		t.Errorf("%d calls were told %v", calls, got.all)
	}
	for _, r := range got.all {
		if r.InFlight >= calls {
			t.Errorf("a trailer counts its own call: %v of %d", r, calls)
		}
	}
	if _, latency, err := kitgrpc.Probe(t.Context(), cc); err != nil || latency <= 0 {
		t.Errorf("after %d answers a probe says latency %v, %v", calls, latency, err)
	}
}

func TestLoadTimesAnswersOnly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	for name, tt := range map[string]struct {
		e     echo
		timed bool
	}{
		"answer":      {func(context.Context, string) (string, error) { return "", nil }, true},
		"not found":   {returning(status.Error(codes.NotFound, "no")), true},
		"internal":    {returning(errors.New("broken")), false},
		"unavailable": {returning(status.Error(codes.Unavailable, "later")), false},
		"panic":       {func(context.Context, string) (string, error) { panic("at the disco") }, false},
		"cancel": {func(ctx context.Context, _ string) (string, error) {
			cancel()
			<-ctx.Done()
			return "", nil
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			call := t.Context()
			if name == "cancel" {
				call = ctx
			}
			cc, m := loaded(t, tt.e)
			var got reports
			saying(cc)(load.With(call, &got), "a")
			if r := settle(t, m); (r.Latency > 0) != tt.timed {
				t.Errorf("latency is %v afterwards, timed should be %v", r.Latency, tt.timed)
			}
			if name != "cancel" && (len(got.all) != 1 || got.all[0] != (load.Report{})) {
				t.Errorf("the only call ever was told %v", got.all)
			}
		})
	}
}

func TestLoadOfStreams(t *testing.T) {
	release := make(chan struct{})
	cc, m := loaded(t, func(context.Context, string) (string, error) { <-release; return "b", nil })
	s, err := cc.NewStream(t.Context(), &listenDesc, listenName)
	if err != nil {
		t.Fatal(err)
	}
	s.SendMsg(wrapperspb.String("a"))
	s.CloseSend()
	for m.Report().InFlight == 0 {
		time.Sleep(time.Millisecond)
	}
	if rif, _, err := kitgrpc.Probe(t.Context(), cc); err != nil || rif != 1 {
		t.Errorf("a probe beside one stream says %d, %v", rif, err)
	}
	close(release)
	for err == nil {
		err = s.RecvMsg(new(wrapperspb.StringValue))
	}
	if text := s.Trailer().Get(load.Header); len(text) != 1 || text[0] != "rif=0" {
		t.Errorf("the trailer says %q, %v", text, err)
	}
	if r := settle(t, m); r != (load.Report{}) {
		t.Errorf("a stream left %v", r)
	}
}

func TestCloserProbes(t *testing.T) {
	m := new(kitgrpc.Meter)
	s := kitgrpc.NewServer(kitgrpc.Config{Load: m})
	l := listen(t)
	serve(t, s.On(l), transport.Config{Propagation: -1})
	closer := connect(t, l.Addr().String(), func(*grpc.ClientConn) {})
	busy := m.Begin()
	defer busy.Drop()
	probed, ok := closer.(interface {
		Probe(ctx context.Context) (int, time.Duration, error)
	})
	if !ok {
		t.Fatal("the closer has no Probe")
	}
	if rif, latency, err := probed.Probe(t.Context()); err != nil || rif != 1 || latency != 0 {
		t.Errorf("a probe says %d, %v, %v", rif, latency, err)
	}
}

// impostor answers probes with a trailer of its own, if any.
func impostor(text string) *kitgrpc.Server {
	return kitgrpc.NewServer(kitgrpc.Config{}, grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if text != "" {
			stream.SetTrailer(metadata.Pairs(load.Header, text))
		}
		return stream.SendMsg(new(emptypb.Empty))
	}))
}

func TestProbeSaysWhatIsWrong(t *testing.T) {
	for want, s := range map[string]*kitgrpc.Server{
		"the server needs kitgrpc.Config.Load":     kitgrpc.NewServer(kitgrpc.Config{}),
		"the answer has no trailer kit-load":       impostor(""),
		`probe: load report "busy": has no rif`:    impostor("busy"),
		`probe: load report "rif=1, latency=1x": `: impostor("rif=1, latency=1x"),
	} {
		l := listen(t)
		serve(t, s.On(l), transport.Config{Propagation: -1})
		if _, _, err := kitgrpc.Probe(t.Context(), connection(t, l)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	l := listen(t)
	l.Close()
	if _, _, err := kitgrpc.Probe(t.Context(), connection(t, l)); err == nil {
		t.Error("nobody answered, and there was no error")
	}
}

// TestProbingAvoidsTheBusy has lb.Probing ask real servers, of which one is busy
// with others' calls.
func TestProbingAvoidsTheBusy(t *testing.T) {
	var fixed kitsd.FixedInstancer
	meters := map[string]*kitgrpc.Meter{}
	for range 3 {
		m := new(kitgrpc.Meter)
		s := kitgrpc.NewServer(kitgrpc.Config{Load: m})
		l := listen(t)
		echo(func(context.Context, string) (string, error) { return l.Addr().String(), nil }).register(s)
		serve(t, s.On(l), transport.Config{Propagation: -1})
		fixed = append(fixed, l.Addr().String())
		meters[l.Addr().String()] = m
	}
	busy := fixed[0]
	for range 50 {
		r := meters[busy].Begin()
		defer r.Drop()
	}
	p := lb.NewPool(fixed, kitgrpc.Factory(saying), lb.PoolConfig{})
	defer p.Close()
	for all, _ := p.Endpoints(); len(all) < len(fixed); all, _ = p.Endpoints() {
		time.Sleep(time.Millisecond)
	}
	call := lb.Endpoint(lb.NewProbing(p, lb.ProbingConfig{MaxAge: time.Hour, Timeout: time.Minute}))
	// Before the answers, picks are an adaptive's, which sees none of that.
	picks := map[any]int{}
	for range 100 {
		clear(picks)
		for range 300 {
			who, err := call(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			picks[who]++
		}
		if picks[busy] < 50 && len(picks) > 1 { // by chance, one of three gets a hundred
			return
		}
	}
	t.Errorf("the busy one is not avoided: of the last 300 calls, each got %v", picks)
}
