package consul

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kitgen/kitgen/sd"
)

// probe is often, for tests.
var probe = Probe{Interval: time.Second, Timeout: 900 * time.Millisecond}

func TestAgentAsksOverHTTP(t *testing.T) {
	f := newFixture(t)
	var status atomic.Int32
	status.Store(200)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			w.WriteHeader(int(status.Load()))
		}
	}))
	defer server.Close()
	a := sd.Instance{ID: "a", Addr: "10.0.0.1:80", Weight: 1, Meta: map[string]string{"http": strings.TrimPrefix(server.URL, "http://")}}
	h := NewHolder(f.client, "svc", Config{TTL: minTTL, HTTPCheck: &HTTPCheck{URL: "/healthz", Probe: probe}})
	held, r := hold(t, h, a)
	want(t, f.seen, a)
	status.Store(500)
	want(t, f.seen, in(sd.Critical, a))
	status.Store(429)
	want(t, f.seen, in(sd.Warning, a))
	status.Store(200)
	want(t, f.seen, a)

	// There is no beat; that the agent forgot is noticed all the same.
	for _, forget := range []func() error{
		func() error { return f.client.Agent().ServiceDeregister("a") },
		func() error { return f.client.Agent().CheckDeregister("service:a") },
	} {
		before := held.get()
		f.must(forget())
		eventually(t, "registered again", func() bool { return held.get() > before || r.ended() })
		want(t, f.seen, a)
	}
	leaves(t, f, r, "a")
}

// leaves ends r and sees that watchers are told before.
func leaves(t *testing.T, f *fixture, r *running, id string) {
	t.Helper()
	before := len(f.seen.all())
	f.must(r.stop())
	want(t, f.seen)
	seenDraining(t, f.seen.all()[before:], id)
}

func TestAgentAsksOverGRPC(t *testing.T) {
	f := newFixture(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	f.must(err)
	server, states := grpc.NewServer(), health.NewServer()
	healthpb.RegisterHealthServer(server, states)
	states.SetServingStatus("addsvc", healthpb.HealthCheckResponse_SERVING)
	serving := run(t, func(context.Context) error { return server.Serve(l) })
	defer func() { server.Stop(); f.must(serving.wait()) }()

	a := sd.Instance{ID: "a", Addr: l.Addr().String(), Weight: 1}
	h := NewHolder(f.client, "svc", Config{TTL: minTTL, GRPCCheck: &GRPCCheck{Service: "addsvc", Probe: Probe{Interval: time.Second, FailuresBeforeCritical: 1, SuccessBeforePassing: 2}}})
	_, r := hold(t, h, a)
	want(t, f.seen, a)
	states.SetServingStatus("addsvc", healthpb.HealthCheckResponse_NOT_SERVING)
	want(t, f.seen, in(sd.Critical, a))
	states.SetServingStatus("addsvc", healthpb.HealthCheckResponse_SERVING)
	want(t, f.seen, a)
	leaves(t, f, r, "a")
}

// An instance that could not deregister once is not in maintenance for ever.
func TestOwnMaintenanceEndsWithTheNextRun(t *testing.T) {
	f := newFixture(t)
	cfg := Config{TTL: minTTL, HTTPCheck: &HTTPCheck{URL: "http://" + f.addr + "/v1/status/leader", Probe: probe}}
	h := NewHolder(f.client, "svc", cfg)
	s, end, err := h.begin()
	f.must(err)
	defer end()
	r, err := s.open(instance("a"))
	f.must(err)
	f.must(r.ensure(t.Context()))
	f.must(r.announce(t.Context()))
	want(t, f.seen, in(sd.Draining, instance("a")))
	_, again := hold(t, h, instance("a"))
	want(t, f.seen, instance("a"))
	f.must(f.client.Agent().EnableServiceMaintenance("a", "by hand"))
	want(t, f.seen, in(sd.Draining, instance("a")))
	f.must(again.stop())
}

func TestBadProbes(t *testing.T) {
	ok := HTTPCheck{URL: "/healthz"}
	with := func(p Probe) Config { return Config{HTTPCheck: &HTTPCheck{URL: "/healthz", Probe: p}} }
	for _, tt := range []struct {
		cfg  Config
		says string
	}{
		{Config{HTTPCheck: &HTTPCheck{}}, "/healthz"},
		{Config{HTTPCheck: &HTTPCheck{URL: "healthz"}}, "neither a path nor a URL"},
		{Config{HTTPCheck: &HTTPCheck{URL: "file:///etc/passwd"}}, "neither a path nor a URL"},
		{Config{HTTPCheck: &HTTPCheck{URL: "http://u:geheim@h/"}}, "credentials"},
		{Config{HTTPCheck: &HTTPCheck{URL: "http://h/\x00"}}, "cannot be read"},
		{with(Probe{Interval: time.Millisecond}), "10s"},
		{with(Probe{Interval: -1}), "10s"},
		{with(Probe{Timeout: 10 * time.Second}), "lower it"},
		{with(Probe{Timeout: -1}), "lower it"},
		{with(Probe{Interval: time.Second, Timeout: time.Second}), "lower it"},
		{with(Probe{SuccessBeforePassing: -1}), "negative"},
		{with(Probe{FailuresBeforeCritical: -1}), "negative"},
		{Config{HTTPCheck: &ok, GRPCCheck: &GRPCCheck{}}, "keep one"},
		{Config{HTTPCheck: &ok, Ready: func(context.Context) error { return nil }}, "leave Ready nil"},
		{Config{GRPCCheck: &GRPCCheck{Service: "a/b"}}, "service name"},
		{Config{GRPCCheck: &GRPCCheck{Addr: "h"}}, "host:port"},
		{Config{GRPCCheck: &GRPCCheck{Probe: Probe{Timeout: time.Hour}}}, "GRPCCheck"},
		{Config{WarningWeight: -1}, "WarningWeight"},
	} {
		err := NewHolder(connect(t, "127.0.0.1:1"), "svc", tt.cfg).Hold(t.Context(), instance("a"), nil)
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("Hold = %v, want an error that says %q", err, tt.says)
		}
	}
	err := NewHolder(connect(t, "127.0.0.1:1"), "svc", Config{HTTPCheck: &ok}).Hold(t.Context(), in(sd.Warning, instance("a")), nil)
	if !errors.Is(err, sd.ErrInvalid) || !strings.Contains(err.Error(), "leave State zero") {
		t.Errorf("Hold in a state = %v", err)
	}
}
