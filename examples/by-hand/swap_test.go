package addsvc_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitconsul "github.com/go-kit/kit/sd/consul"
	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/go-kit/log"
	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/examples/by-hand"
	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd/etcd"
)

func TestTheTwelveLines(t *testing.T) {
	t.Parallel()
	client := dialEtcd(t)
	serve(t, client, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := addsvc.Call(ctx, client, addsvc.SumRequest{A: 1, B: 2})
	if err != nil {
		t.Fatal(err)
	}
	if want := (addsvc.SumResponse{Sum: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// ours is the whole client: breaker inside, balancer, retry outside.
func ours(t *testing.T, instances kitsd.Instancer) endpoint.Endpoint {
	t.Helper()
	pool := newPool(t, instances)
	return retry.New(retry.Config{Idempotent: true})(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
}

func newPool(t *testing.T, instances kitsd.Instancer) *lb.Pool {
	t.Helper()
	pool := lb.NewPool(instances, addsvc.NewFactory(), lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := pool.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	return pool
}

func TestGoKitsEndpointerBalancerAndRetryOnOurInstancer(t *testing.T) {
	t.Parallel()
	client := dialEtcd(t)
	serve(t, client, 2)
	instances := etcd.NewInstancer(client, "addsvc", etcd.Config{})
	t.Cleanup(instances.Stop)
	newPool(t, instances) // waits until the registry has answered

	endpointer := kitsd.NewEndpointer(instances, addsvc.NewFactory(), log.NewNopLogger())
	defer endpointer.Close()
	awaitEndpoints(t, endpointer)
	callAll(t, kitlb.Retry(3, 5*time.Second, kitlb.NewRoundRobin(endpointer)))
}

func TestGoKitsBalancerAndRetryOnOurPool(t *testing.T) {
	t.Parallel()
	client := dialEtcd(t)
	serve(t, client, 2)
	instances := etcd.NewInstancer(client, "addsvc", etcd.Config{})
	t.Cleanup(instances.Stop)
	callAll(t, kitlb.Retry(3, 5*time.Second, kitlb.NewRoundRobin(newPool(t, instances))))
}

func TestOurRetryOverGoKitsBalancerOnOurPool(t *testing.T) {
	t.Parallel()
	client := dialEtcd(t)
	serve(t, client, 2)
	instances := etcd.NewInstancer(client, "addsvc", etcd.Config{})
	t.Cleanup(instances.Stop)
	callAll(t, retry.New(retry.Config{Idempotent: true})(lb.Endpoint(kitlb.NewRoundRobin(newPool(t, instances)))))
}

func TestOurBalancerOverGoKitsFixedInstancer(t *testing.T) {
	t.Parallel()
	addrs := serve(t, dialEtcd(t), 2)
	callAll(t, ours(t, kitsd.FixedInstancer(addrs)))
}

func TestOurBalancerOverGoKitsConsulInstancer(t *testing.T) {
	t.Parallel()
	addrs := serve(t, dialEtcd(t), 2)
	agent, err := api.NewClient(&api.Config{Address: servers.Consul(t, servers.Options{}).Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	client := kitconsul.NewClient(agent)
	for i, addr := range addrs {
		registrar := kitconsul.NewRegistrar(client, registration(t, i, addr), log.NewNopLogger())
		registrar.Register()
		defer registrar.Deregister()
	}
	instances := kitconsul.NewInstancer(client, log.NewNopLogger(), "addsvc", nil, true)
	defer instances.Stop()
	callAll(t, ours(t, instances))
}

func registration(t *testing.T, i int, addr string) *api.AgentServiceRegistration {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return &api.AgentServiceRegistration{ID: "addsvc-" + strconv.Itoa(i), Name: "addsvc", Address: host, Port: n}
}

// awaitEndpoints gives go-kit's Endpointer time for its first event, of which
// it tells nobody.
func awaitEndpoints(t *testing.T, e kitsd.Endpointer) {
	t.Helper()
	for range 3000 {
		if endpoints, err := e.Endpoints(); err == nil && len(endpoints) > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("go-kit's Endpointer never got the instances")
}
