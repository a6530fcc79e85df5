package stub_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/sd/sdtest"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// memory is a registry within the test, as a scheme whose targets are as etcd's.
func memory(m *sdtest.Memory) sd.Scheme {
	return sd.Scheme{Name: "memory", Watcher: func(t sd.Target) (sd.Watcher, error) {
		if err := t.Only("tag"); err != nil {
			return nil, err
		}
		_, service, err := t.Service()
		return m.Watcher(service), err
	}}
}

func TestAuthorityIsTheService(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	b := serve(t, "127.0.0.1:0")
	b.answers(func(ctx context.Context, _ string) (string, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		seen <- strings.Join(md[":authority"], " ")
		return "", nil
	})
	only := sd.Scheme{Name: "only", Watcher: func(sd.Target) (sd.Watcher, error) { return sd.Fixed{{Addr: b.addr}}, nil }}
	for target, want := range map[string]string{
		"only:///addsvc":                     "addsvc",
		"only://127.0.0.1:1/addsvc?tag=srv":  "addsvc",
		"only://u:p@a:1,b:2/prod/addsvc?x=y": "addsvc",
		"only:///add%20svc":                  "add%20svc",
		"static:///" + b.addr:                b.addr,
		"static://" + b.addr:                 b.addr,
		"passthrough:///" + b.addr:           b.addr,
	} {
		cc := dial(t, target, stub.Config{Schemes: []sd.Scheme{only}})
		if _, err := ask(t.Context(), cc); err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		if got := <-seen; got != want {
			t.Errorf("%s: the authority is %q, want %q", target, got, want)
		}
	}
}

// TestBadTargets fail their calls with what is to be mended, and without passwords.
func TestBadTargets(t *testing.T) {
	t.Parallel()
	schemes := []sd.Scheme{etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{})}
	for target, want := range map[string]string{
		"etcd:///":                           "names no host",
		"etcd://127.0.0.1:2379":              "names no service",
		"etcd:///addsvc":                     "", // there is no address in the Config, either
		"consul:///addsvc":                   "name one agent",
		"consul://u:secret@127.0.0.1/addsvc": "is not host:port",
		"consul://127.0.0.1:8500/addsvc?tug=srv&token=secret":   `consul takes no parameter "tug": it takes`,
		"consul://u:secret@127.0.0.1:8500/a/b/c":                "3 segments",
		"consul://u:secret@127.0.0.1:8500/addsvc?healthy=secre": "parameter healthy",
		"etcd://u:secret@127.0.0.1:2379/addsvc?ttl=-5s":         "parameter ttl",
		"static:///127.0.0.1":                                   "is not host:port",
		"static:///":                                            "names no host",
		"static:///127.0.0.1:1?weight=0":                        "parameter weight",
	} {
		cc := dial(t, target, stub.Config{Schemes: schemes})
		_, err := ask(t.Context(), cc)
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "invalid target") {
			t.Errorf("%s: error %v, want %q", target, err, want)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v tells the password", target, err)
		}
	}
}

// TestRegistry follows one: who registers is called, who leaves is not, and when it
// is down, calls go on.
func TestRegistry(t *testing.T) {
	t.Parallel()
	var m sdtest.Memory
	all := serveAll(t, 2)
	leave := hold(t, &m, sd.Instance{Addr: all[0].addr})
	cc := dial(t, "memory://127.0.0.1:1/addsvc?tag=srv", stub.Config{Balancer: "random", Schemes: []sd.Scheme{memory(&m)}})
	reach(t, cc, all[0])
	hold(t, &m, sd.Instance{Addr: "127.0.0.1:9", Meta: map[string]string{"grpc": all[1].addr}})
	reach(t, cc, all[1])
	leave()
	untilSpared(t, cc, all[0])
	m.Outage()
	for range 20 {
		if _, err := ask(t.Context(), cc); err != nil {
			t.Fatal(err)
		}
	}
}

// untilSpared calls until b gets no calls any more.
func untilSpared(t *testing.T, cc *grpc.ClientConn, b *backend) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for before := int64(-1); b.calls.Load() != before; {
		before = b.calls.Load()
		for range 50 {
			if _, err := ask(ctx, cc); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// hold registers an instance until the test or what it returns ends that.
func hold(t *testing.T, m *sdtest.Memory, in sd.Instance) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	held, done := make(chan struct{}), make(chan struct{})
	in.ID = in.Addr
	go func() {
		defer close(done)
		_ = m.Holder("addsvc").Hold(ctx, in, func() { close(held) })
	}()
	<-held
	leave = func() {
		cancel()
		<-done
	}
	t.Cleanup(leave)
	return leave
}

// TestHeldInstances are those that the registry has lost all at once, and that are
// kept since it may be wrong. One that refuses connections is not.
func TestHeldInstances(t *testing.T) {
	t.Parallel()
	var m sdtest.Memory
	all := serveAll(t, 2)
	for _, b := range all {
		hold(t, &m, sd.Instance{Addr: b.addr})
	}
	pools := make(chan *lb.Pool, 1)
	cc := dial(t, "memory:///addsvc", stub.Config{Balancer: "random", Schemes: []sd.Scheme{memory(&m)}, OnPool: func(p *lb.Pool) { pools <- p }})
	reach(t, cc, all...)
	pool := <-pools
	for _, b := range all {
		if err := m.Lose("addsvc", b.addr); err != nil {
			t.Fatal(err)
		}
	}
	reach(t, cc, all...)
	all[0].stop()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for len(pool.Nodes()) == 2 && ctx.Err() == nil {
		_, _ = ask(ctx, cc)
	}
	if nodes := pool.Nodes(); len(nodes) != 1 || nodes[0].ID != all[1].addr {
		t.Errorf("nodes %+v", nodes)
	}
	reach(t, cc, all[1])
}

// TestRegistryIsDown at the start: calls say so, and those that can wait do.
func TestRegistryIsDown(t *testing.T) {
	t.Parallel()
	var m sdtest.Memory
	m.Outage()
	b := serve(t, "127.0.0.1:0")
	cc := dial(t, "memory:///addsvc", stub.Config{Balancer: "random", Schemes: []sd.Scheme{memory(&m)}})
	if _, err := ask(t.Context(), cc); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "find instances: ") {
		t.Fatalf("error %v", err)
	}
	m.Heal()
	hold(t, &m, sd.Instance{Addr: b.addr})
	reach(t, cc, b)
}

// TestPoolIsShown to whoever wants to see it, with the registry's view of each.
func TestPoolIsShown(t *testing.T) {
	t.Parallel()
	pools := make(chan *lb.Pool, 1)
	all := serveAll(t, 2)
	cc := dial(t, "static://"+addrs(all...)+"?zone=eu-1&weight=7", stub.Config{Balancer: "random", Explain: 4, OnPool: func(p *lb.Pool) { pools <- p }})
	reach(t, cc, all...)
	p := <-pools
	for len(p.Nodes()) == 0 || slices.ContainsFunc(p.Nodes(), uncalled) {
		reach(t, cc, all...)
	}
	nodes := p.Nodes()
	if len(nodes) != 2 {
		t.Fatalf("nodes %v", nodes)
	}
	for _, n := range nodes {
		if n.Zone != "eu-1" || n.Weight != 7 || !n.Connected || !n.Ready || n.Calls == 0 || n.Addr != n.ID {
			t.Errorf("node %+v", n)
		}
	}
	if len(p.Explain()) == 0 {
		t.Error("no pick is explained")
	}
	cc.Close()
	if err := p.WaitReady(t.Context()); err == nil {
		t.Error("the pool outlives its connection")
	}
}

// TestGRPCsOwnResolvers tell our settings, too.
func TestGRPCsOwnResolvers(t *testing.T) {
	t.Parallel()
	pools := make(chan *lb.Pool, 1)
	b := serve(t, "127.0.0.1:0")
	cc := dial(t, "dns:///"+b.addr, stub.Config{OnPool: func(p *lb.Pool) { pools <- p }})
	if _, err := ask(t.Context(), cc, grpc.WaitForReady(true)); err != nil {
		t.Fatal(err)
	}
	if n := len((<-pools).Nodes()); n != 1 {
		t.Errorf("%d nodes", n)
	}
}

func uncalled(n lb.NodeStats) bool { return n.Calls == 0 }
