package dns

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
)

// TestConsul is the DNS of a real registry: SRV records whose targets it alone
// can resolve, in no order, and more of them than its datagrams list.
func TestConsul(t *testing.T) {
	server := servers.Consul(t, servers.Options{})
	cfg := api.DefaultConfig()
	cfg.Address = server.Endpoint()
	client, err := api.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	register := func(n int) {
		t.Helper()
		in := &api.AgentServiceRegistration{
			ID: fmt.Sprint("addsvc-", n), Name: "addsvc", Address: fmt.Sprint("10.0.0.", n), Port: 8000 + n,
			Weights: &api.AgentWeights{Passing: 1 + n%2, Warning: 1},
		}
		if err := client.Agent().ServiceRegister(in); err != nil {
			t.Fatal(err)
		}
	}
	start := func(name string, cfg Config) *watching {
		cfg.Servers, cfg.MinRefresh, cfg.MaxRefresh, cfg.Timeout = []string{server.DNS()}, 20*time.Millisecond, 20*time.Millisecond, 20*time.Second
		return watch(t, NewWatcher(name, cfg))
	}
	srv, plain := start("addsvc.service.consul", Config{SRV: true}), start("addsvc.service.consul:80", Config{})
	srv.comesTo(t, "")
	plain.comesTo(t, "")
	register(1)
	register(2)
	srv.comesTo(t, "10.0.0.1:8001*2 10.0.0.2:8002")
	plain.comesTo(t, "10.0.0.1:80 10.0.0.2:80")
	if err := client.Agent().ServiceDeregister("addsvc-1"); err != nil {
		t.Fatal(err)
	}
	srv.comesTo(t, "10.0.0.2:8002")
	plain.comesTo(t, "10.0.0.2:80")

	const many = 60
	for n := 2; n <= many; n++ {
		register(n)
	}
	srv.comesToCount(t, many-1)
	plain.comesToCount(t, many-1)
}
