package stub_test

import (
	"context"
	"sync"
	"testing"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

// TestRealRegistries follows an etcd and a Consul process by targets as people write
// them.
func TestRealRegistries(t *testing.T) {
	t.Parallel()
	t.Run("etcd", func(t *testing.T) {
		t.Parallel()
		at := servers.Etcd(t, servers.Options{}).Endpoint()
		scheme := etcd.Scheme(etcd.Config{Connection: etcd.Connection{Endpoints: []string{at}}})
		followReal(t, scheme, "etcd://"+at+"/shop/addsvc", "etcd:///shop/addsvc")
	})
	t.Run("consul", func(t *testing.T) {
		t.Parallel()
		at := servers.Consul(t, servers.Options{}).Endpoint()
		followReal(t, consul.Scheme(consul.Config{}), "consul://"+at+"/addsvc", "consul://"+at+"/addsvc?tag=srv&healthy=true")
	})
}

// followReal registers by one target and calls by the other.
func followReal(t *testing.T, scheme sd.Scheme, registers, calls string) {
	all := serveAll(t, 2)
	leave := register(t, scheme, registers, all[0])
	cc := dial(t, calls, stub.Config{Balancer: "random", Schemes: []sd.Scheme{scheme}})
	reach(t, cc, all[0])
	register(t, scheme, registers, all[1])
	reach(t, cc, all...)
	leave()
	untilSpared(t, cc, all[0])
}

func register(t *testing.T, scheme sd.Scheme, target string, b *backend) (leave func()) {
	t.Helper()
	h, err := sd.OpenHolder(target, scheme)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	held, done := make(chan struct{}), make(chan error, 1)
	in := sd.Instance{ID: b.addr, Addr: b.addr, Tags: []string{"srv"}}
	go func() { done <- h.Hold(ctx, in, sync.OnceFunc(func() { close(held) })) }()
	select {
	case <-held:
	case err := <-done:
		t.Fatal(err)
	}
	left := false
	leave = func() {
		if cancel(); !left {
			left = true
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(leave)
	return leave
}
