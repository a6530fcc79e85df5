package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kitgen/kitgen/sd"
)

func TestNamingKeys(t *testing.T) {
	for _, tt := range []struct{ namespace, service, prefix string }{
		{"", "addsvc", "addsvc/"},
		{"", "/services/addsvc", "/services/addsvc/"},
		{"", "/services/addsvc/", "/services/addsvc/"},
		{"prod", "addsvc", "prod/addsvc/"},
		{"/prod/", "addsvc", "/prod/addsvc/"},
	} {
		if got := Naming.prefix(tt.namespace, tt.service); got != tt.prefix {
			t.Errorf("prefix of %q in %q = %q, want %q", tt.service, tt.namespace, got, tt.prefix)
		}
	}
	if key := Naming.key("addsvc/", sd.Instance{ID: "x", Addr: "[::1]:80"}); key != "addsvc/[::1]:80" {
		t.Errorf("key = %s", key)
	}
	for _, key := range []string{"addsvc/", "addsvc/a/b", "addsvc-admin/a", "other"} {
		if id, err := Naming.id("addsvc/", key); err == nil {
			t.Errorf("id of %s = %q, want an error", key, id)
		}
	}
}

func TestNamingValueKeepsInstance(t *testing.T) {
	for _, in := range []sd.Instance{
		{ID: "a", Addr: "10.0.0.1:80"},
		{ID: "b", Addr: "[::1]:80", Weight: 7, Zone: "z", Version: "v", Tags: []string{"t<&>"}, Meta: map[string]string{"k": "\"v\""}, State: sd.Draining},
	} {
		v, err := encodeNaming(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode("10.0.0.9:9", []byte(v))
		if diff := cmp.Diff(in, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", v, err, diff)
		}
	}
	const want = `{"Op":0,"Addr":"10.0.0.1:80","Metadata":"{\"v\":1,\"id\":\"a\",\"state\":\"draining\"}"}`
	if v, err := encodeNaming(sd.Instance{ID: "a", Addr: "10.0.0.1:80", State: sd.Draining}); v != want {
		t.Errorf("encoded: %s, %v\nwant     %s", v, err, want)
	}
}

// etcd's own resolver finds those who register in layout Naming, and calls
// them by gRPC.
func TestNamingResolverFindsUs(t *testing.T) {
	f := newFixture(t)
	h := NewHolder(f.client, "svc", Config{TTL: minTTL, Layout: Naming})
	var holds []*running
	for i := range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := grpc.NewServer()
		healthpb.RegisterHealthServer(s, health.NewServer())
		run(t, func(context.Context) error { return s.Serve(l) })
		t.Cleanup(s.Stop)
		_, r := hold(t, h, sd.Instance{ID: fmt.Sprint("x", i), Addr: l.Addr().String(), Zone: "z"})
		holds = append(holds, r)
	}
	builder, err := resolver.NewBuilder(f.client)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("etcd:///svc", grpc.WithResolvers(builder), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 10 {
		if _, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true)); err != nil {
			t.Fatal(err)
		}
	}
	m, err := endpoints.NewManager(f.client, "svc")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.List(t.Context()); err != nil || len(got) != 2 {
		t.Errorf("etcd's own package lists %v, %v", got, err)
	}
	if err := holds[0].stop(); err != nil {
		t.Fatal(err)
	}
	if got, err := m.List(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("after one has left, etcd's own package lists %v, %v", got, err)
	}
	for range 10 {
		if _, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWatchFindsWhatOthersRegistered(t *testing.T) {
	f := newFixture(t)
	m, err := endpoints.NewManager(f.client, "svc")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.AddEndpoint(t.Context(), "svc/one", endpoints.Endpoint{Addr: "10.0.0.1:80", Metadata: map[string]any{"v": 7, "weight": 0}}); err != nil {
		t.Fatal(err)
	}
	f.put("svc-admin/x", "10.0.0.9:80")
	f.put("svc/nested/x", "10.0.0.9:80")
	seen, _ := watch(t, NewWatcher(f.client, "svc", Config{Layout: Naming}))
	one := sd.Instance{ID: "one", Addr: "10.0.0.1:80"}
	want(t, seen, one)
	_, r := hold(t, NewHolder(f.client, "svc", Config{Layout: Naming, TTL: minTTL}), sd.Instance{ID: "two", Addr: "10.0.0.2:80", Weight: 3, Zone: "z"})
	want(t, seen, sd.Instance{ID: "two", Addr: "10.0.0.2:80", Weight: 3, Zone: "z"}, one)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	want(t, seen, one)
	if !slices.ContainsFunc(seen.all(), func(set []sd.Instance) bool { return len(set) == 2 && set[0].State == sd.Draining }) {
		t.Error("it was not seen Draining before it was gone")
	}
	if err := m.DeleteEndpoint(t.Context(), "svc/one"); err != nil {
		t.Fatal(err)
	}
	want(t, seen)
}

// go-kit's etcdv3 registers bare addresses below a prefix, maybe with a scheme
// before them, and reads whatever is there.
func TestGoKitsEtcdv3(t *testing.T) {
	f := newFixture(t)
	const prefix = "/services/addsvc/"
	theirs := helper(t, "etcdv3", f.etcd.Endpoint(), prefix+"10.0.0.1:8080=10.0.0.1:8080",
		prefix+"10.0.0.2:8080=http://10.0.0.2:8080", prefix+"10.0.0.3:8080=https://user:secret@10.0.0.3:8080")
	stop, err := theirs.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Start(); err != nil {
		t.Fatal(err)
	}
	w := NewWatcher(f.client, "/services/addsvc", Config{Layout: Naming})
	seen, _ := watch(t, w)
	want(t, seen, sd.Instance{ID: "10.0.0.1:8080", Addr: "10.0.0.1:8080"}, sd.Instance{ID: "10.0.0.2:8080", Addr: "10.0.0.2:8080"})
	eventually(t, "the one with credentials is quarantined", func() bool { return w.Stats().Quarantined["instance"] == 1 })
	stop.Close()
	if err := theirs.Wait(); err != nil {
		t.Error(err)
	}
	want(t, seen)
}

func TestNamingKeepsItsKey(t *testing.T) {
	f := newFixture(t)
	h := NewHolder(f.client, "svc", Config{TTL: minTTL, Layout: Naming})
	held, r := hold(t, h, instance("a"))
	key := "svc/" + instance("a").Addr
	if _, err := f.client.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	eventually(t, "registered again", func() bool { return held.get() > 1 })
	// Another life of the address takes over; a stranger's address does not.
	next := instance("a")
	next.ID = "a2"
	_, newer := hold(t, NewHolder(f.client, "svc", Config{TTL: minTTL, Layout: Naming}), next)
	if err := r.wait(); !errors.Is(err, ErrTaken) {
		t.Errorf("older Hold = %v, want ErrTaken", err)
	}
	if newer.ended() {
		t.Errorf("newer Hold = %v", newer.err)
	}
	f.put("svc/10.7.7.7:7", "10.8.8.8:8")
	if err := h.Hold(t.Context(), sd.Instance{ID: "x", Addr: "10.7.7.7:7"}, func() {}); !errors.Is(err, ErrTaken) {
		t.Errorf("Hold over a stranger's key = %v, want ErrTaken", err)
	}
}
