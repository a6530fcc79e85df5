package stub_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// TestEveryBalancer calls by each of them until every instance has answered; those
// that hash are given keys, and of those that go by latency one may be enough.
func TestEveryBalancer(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"adaptive": 1, "round_robin": 3, "random": 3, "weighted_round_robin": 3, "weighted_random": 3, "least_request": 3,
		"least_request_2": 3, "peak_ewma": 1, "maglev": 3, "ring": 3, "rendezvous": 3, "probing": 1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := serveAll(t, 3)
			cc := dial(t, "static:///"+addrs(all...), stub.Config{Balancer: name})
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			defer cancel()
			seen := map[string]bool{}
			for key := 0; len(seen) < want; key++ {
				who, err := ask(lb.WithKey(ctx, strconv.Itoa(key)), cc, grpc.WaitForReady(true))
				if err != nil {
					t.Fatalf("after answers of %v: %v", seen, err)
				}
				seen[who] = true
			}
		})
	}
}

// TestNamesAreThoseOfTheBalancers: whoever adds one to lb.ParsePolicy adds it here.
func TestNamesAreThoseOfTheBalancers(t *testing.T) {
	t.Parallel()
	_, err := lb.ParsePolicy("?")
	_, list, _ := strings.Cut(err.Error(), "there are ")
	for name := range strings.SplitSeq(list, ", ") {
		if _, err := stub.Dial(stub.Config{Balancer: strings.ToUpper(name)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLosingAnInstance: calls go on elsewhere, and come back with it, by gRPC's own
// retry alone.
func TestLosingAnInstance(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 3)
	cc := dial(t, "static:///"+addrs(all...), stub.Config{Balancer: "round_robin", ServiceConfig: retrying})
	reach(t, cc, all...)
	all[0].stop()
	for range 200 {
		if who, err := ask(t.Context(), cc); err != nil || who == all[0].addr {
			t.Fatalf("%s, %v", who, err)
		}
	}
	back := serve(t, all[0].addr)
	reach(t, cc, back)
}

const retrying = `{"methodConfig": [{"name": [{}], "retryPolicy": {
	"maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.01s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`

// TestWhatIsKnownOutlivesAReconnect, if the instance keeps its address.
func TestWhatIsKnownOutlivesAReconnect(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	pools := make(chan *lb.Pool, 1)
	cc := dial(t, "static:///"+b.addr, stub.Config{OnPool: func(p *lb.Pool) { pools <- p }})
	pool := shown(t, cc, b, pools)
	before := pool.Nodes()[0]
	b.stop()
	await(t, cc, connectivity.TransientFailure)
	if n := pool.Nodes()[0]; n.Ready {
		t.Errorf("without a server it is %+v", n)
	}
	reach(t, cc, serve(t, b.addr))
	if n := pool.Nodes()[0]; n.Calls != before.Calls+1 || n.Latency == 0 || !n.Ready {
		t.Errorf("before it was %+v, after a reconnect it is %+v", before, n)
	}
}

// TestClose does not wait for calls, and ends them.
func TestClose(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	begun := make(chan struct{})
	cc := dial(t, "static:///"+b.addr, stub.Config{})
	reach(t, cc, b)
	b.answers(func(ctx context.Context, _ string) (string, error) {
		close(begun)
		<-ctx.Done()
		return "", ctx.Err()
	})
	ended := make(chan error, 1)
	go func() {
		_, err := ask(t.Context(), cc)
		ended <- err
	}()
	<-begun
	cc.Close()
	if err := <-ended; status.Code(err) != codes.Canceled {
		t.Errorf("error %v", err)
	}
	if _, err := ask(t.Context(), cc); status.Code(err) != codes.Canceled {
		t.Errorf("after Close: error %v", err)
	}
}

// TestRetriesGoElsewhere: an attempt of gRPC's own does not go to an instance twice.
func TestRetriesGoElsewhere(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 3)
	cc := dial(t, "static:///"+addrs(all...), stub.Config{Balancer: "random", ServiceConfig: retrying})
	reach(t, cc, all...)
	for _, b := range all[:2] {
		b.answers(func(context.Context, string) (string, error) { return "", status.Error(codes.Unavailable, "broken") })
	}
	for range 100 {
		if _, err := ask(t.Context(), cc); err != nil {
			t.Fatalf("three attempts, of which one had to find the one that works: %v", err)
		}
	}
}

// TestNobodyIsThere tells why, at once, and whoever wants to wait waits.
func TestNobodyIsThere(t *testing.T) {
	t.Parallel()
	gone := serve(t, "127.0.0.1:0")
	gone.stop()
	cc := dial(t, "static:///"+gone.addr, stub.Config{})
	_, err := ask(t.Context(), cc)
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "none of 1 instances can be reached: "+gone.addr) {
		t.Errorf("error %v", err)
	}
	if !notSent(err) {
		t.Errorf("%v does not say that nothing was sent", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	waiting := make(chan error, 1)
	go func() {
		_, err := ask(ctx, cc, grpc.WaitForReady(true))
		waiting <- err
	}()
	serve(t, gone.addr)
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}

func notSent(err error) bool {
	e, ok := err.(interface{ NotSent() bool })
	return ok && e.NotSent()
}

// TestEmptySet is one that the resolver is sure of.
func TestEmptySet(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	r := byHand(state(b))
	cc := dial(t, "hand:///x", stub.Config{Balancer: "random"}, grpc.WithResolvers(r))
	reach(t, cc, b)
	r.UpdateState(state())
	await(t, cc, connectivity.TransientFailure)
	if _, err := ask(t.Context(), cc); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "no instance is registered") {
		t.Errorf("error %v", err)
	}
	r.UpdateState(state(b))
	reach(t, cc, b)
}

// TestRegistryRefuses: calls fail with Unavailable whatever status the registry had,
// and those that can wait do.
func TestRegistryRefuses(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	w := &refusing{let: make(chan struct{}), in: sd.Instance{Addr: b.addr}}
	scheme := sd.Scheme{Name: "refusing", Watcher: func(sd.Target) (sd.Watcher, error) { return w, nil }}
	cc := dial(t, "refusing:///x", stub.Config{Schemes: []sd.Scheme{scheme}})
	if _, err := ask(t.Context(), cc); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "who are you?") || !notSent(err) {
		t.Errorf("error %v", err)
	}
	waiting := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	go func() {
		_, err := ask(ctx, cc, grpc.WaitForReady(true))
		waiting <- err
	}()
	close(w.let)
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}

// refusing is a registry that tells nothing until let is closed.
type refusing struct {
	let chan struct{}
	in  sd.Instance
}

func (w *refusing) Watch(ctx context.Context, update func([]sd.Instance)) error {
	select {
	case <-w.let:
		return sd.Fixed{w.in}.Watch(ctx, update)
	default:
		return fmt.Errorf("list: %w", status.Error(codes.PermissionDenied, "who are you?"))
	}
}

// TestResolverErrors of gRPC's own: what is known stays, and else they are Unavailable.
func TestResolverErrors(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	r := byHand(state(b))
	cc := dial(t, "hand:///x", stub.Config{}, grpc.WithResolvers(r))
	reach(t, cc, b)
	away := fmt.Errorf("list: %w", status.Error(codes.PermissionDenied, "who are you?"))
	r.CC().ReportError(away)
	reach(t, cc, b)
	r.UpdateState(state())
	r.CC().ReportError(away)
	await(t, cc, connectivity.TransientFailure)
	for said := false; !said; { // a call may yet find the connection that is going
		_, err := ask(t.Context(), cc)
		if err != nil && status.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
		said = err != nil && strings.Contains(err.Error(), "who are you?")
	}
}

// fixed is a registry that lists the same for ever.
func fixed(list ...sd.Instance) sd.Scheme {
	return sd.Scheme{Name: "fixed", Watcher: func(sd.Target) (sd.Watcher, error) { return sd.Fixed(list), nil }}
}

// TestStates: who leaves is not called, who is critical only if there is nobody else.
func TestStates(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 3)
	list := []sd.Instance{{Addr: all[0].addr}, {Addr: all[1].addr, State: sd.Draining}, {Addr: all[2].addr, State: sd.Critical}}
	cc := dial(t, "fixed:///x", stub.Config{Balancer: "random", ServiceConfig: retrying, Schemes: []sd.Scheme{fixed(list...)}})
	reach(t, cc, all[0])
	before := all[2].calls.Load()
	for range 50 {
		if _, err := ask(t.Context(), cc); err != nil {
			t.Fatal(err)
		}
	}
	if left, critical := all[1].calls.Load(), all[2].calls.Load()-before; left+critical > 0 {
		t.Errorf("%d calls to who leaves, %d to who is critical", left, critical)
	}
	all[0].stop()
	reach(t, cc, all[2])

	cc = dial(t, "fixed:///x", stub.Config{Schemes: []sd.Scheme{fixed(list[1])}})
	if _, err := ask(t.Context(), cc); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "1 instances are known, all of them leaving") {
		t.Errorf("error %v", err)
	}
}

// TestZones: calls stay at home.
func TestZones(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 4)
	var list []sd.Instance
	for i, b := range all {
		list = append(list, sd.Instance{Addr: b.addr, Zone: []string{"a", "b"}[i%2]})
	}
	pools := make(chan *lb.Pool, 1)
	cc := dial(t, "fixed:///x", stub.Config{
		Schemes:       []sd.Scheme{fixed(list...)},
		ServiceConfig: `{"loadBalancingConfig": [{"kit_round_robin": {"zone": {"zone": "a", "slower": 1000000, "explore": false}}}]}`,
		OnPool:        func(p *lb.Pool) { pools <- p },
	})
	reach(t, cc, all[0])
	pool := <-pools
	for connected := 0; connected < len(all); {
		reach(t, cc, all[0], all[2])
		connected = 0
		for _, n := range pool.Nodes() {
			if n.Connected {
				connected++
			}
		}
	}
	before := all[1].calls.Load() + all[3].calls.Load()
	for range 100 {
		if _, err := ask(t.Context(), cc); err != nil {
			t.Fatal(err)
		}
	}
	if away := all[1].calls.Load() + all[3].calls.Load() - before; away > 0 {
		t.Errorf("%d of 100 calls left their zone", away)
	}
}

// TestAllAtOnce replaces all instances: those before are called until one of the
// new is there.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	old, young := serveAll(t, 2), serveAll(t, 2)
	r := byHand(state(old...))
	cc := dial(t, "hand:///x", stub.Config{Balancer: "random"}, grpc.WithResolvers(r))
	reach(t, cc, old...)
	for range 10 {
		r.UpdateState(state(young...))
		for range 20 {
			if _, err := ask(t.Context(), cc); err != nil {
				t.Fatal(err)
			}
		}
		reach(t, cc, young...)
		old, young = young, old
	}
}

// TestSettingsChange: a service config that a resolver sends takes effect.
func TestSettingsChange(t *testing.T) {
	t.Parallel()
	all := serveAll(t, 2)
	r := byHand(state(all...))
	cc := dial(t, "hand:///x", stub.Config{Balancer: "random"}, grpc.WithResolvers(r))
	reach(t, cc, all...)
	for _, cfg := range []string{`{"kit_adaptive": {"choices": 2}}`, `{"kit_adaptive": {"outlierDetection": false}}`, `{"round_robin": {}}`, `{"kit_ring": {"points": 64}}`} {
		s := state(all...)
		s.ServiceConfig = r.CC().ParseServiceConfig(`{"loadBalancingConfig": [` + cfg + `]}`)
		r.UpdateState(s)
		for range 50 {
			if _, err := ask(t.Context(), cc); err != nil {
				t.Fatalf("%s: %v", cfg, err)
			}
		}
	}
}

// await waits until the connection is in a state.
func await(t *testing.T, cc *grpc.ClientConn, want connectivity.State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for s := cc.GetState(); s != want; s = cc.GetState() {
		if !cc.WaitForStateChange(ctx, s) {
			t.Fatalf("it is %v for ever, want %v", s, want)
		}
	}
}

// TestErrorsAreKitgrpcs, of calls and of streams.
func TestErrorsAreKitgrpcs(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	b.answers(func(context.Context, string) (string, error) {
		return "", status.Error(codes.NotFound, "no such thing")
	})
	cc := dial(t, "static:///"+b.addr, stub.Config{})
	_, err := ask(t.Context(), cc)
	check := func(err error) {
		t.Helper()
		var e *kitgrpc.Error
		if !as(err, &e) || e.StatusCode() != 404 || status.Code(err) != codes.NotFound || notSent(err) {
			t.Errorf("error %v (%T)", err, err)
		}
	}
	check(err)
	s, err := cc.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, listens)
	if err != nil {
		t.Fatal(err)
	}
	check(exchange(s))
}

// TestWorkIsNotUnsent: a call that a server has answered was sent, whatever the
// answer says, and whoever picked the server.
func TestWorkIsNotUnsent(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1:0")
	for _, balancer := range []string{"kit_round_robin", "round_robin"} {
		cc := dial(t, "static:///"+b.addr, stub.Config{ServiceConfig: `{"loadBalancingConfig": [{"` + balancer + `": {}}]}`})
		for _, text := range []string{"busy", "the connection is draining", `connection error: desc = "transport: Error while dialing: refused"`} {
			b.answers(func(context.Context, string) (string, error) { return "", status.Error(codes.Unavailable, text) })
			_, called := ask(t.Context(), cc, grpc.WaitForReady(true))
			for name, err := range map[string]error{"call": called, "stream": exchange(open(t, cc))} {
				if status.Code(err) != codes.Unavailable || notSent(err) {
					t.Errorf("%s: %s: %q counts as not sent", balancer, name, err)
				}
			}
		}
	}
}

// TestRetryInfo is heard, as it is by kitgrpc's own clients.
func TestRetryInfo(t *testing.T) {
	t.Parallel()
	later, err := status.New(codes.Unavailable, "later").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	b := serve(t, "127.0.0.1:0")
	b.answers(func(context.Context, string) (string, error) { return "", later.Err() })
	cc := dial(t, "static:///"+b.addr, stub.Config{})
	_, err = ask(t.Context(), cc, grpc.WaitForReady(true))
	if after, ok := classify.Pushback(err); after != time.Second || !ok {
		t.Errorf("come again after %v, %t", after, ok)
	}
}
