package lb_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/sd"
)

// refused is the error of a call that no process was there to take.
type refused struct{ error }

func (refused) NotSent() bool { return true }

// forgetful is a registry that lists some instances, then nobody.
type forgetful struct {
	list   []sd.Instance
	forget chan struct{}
}

func (f forgetful) Watch(ctx context.Context, update func([]sd.Instance)) error {
	update(f.list)
	<-f.forget
	update(nil)
	<-ctx.Done()
	return ctx.Err()
}

// A registry that lost everybody is not believed, but the callers of those who
// are really gone are: held instances go one by one as calls find them dead.
func TestCallersDecideAboutHeldInstances(t *testing.T) {
	down := func(err error) endpoint.Endpoint {
		return func(context.Context, any) (any, error) { return nil, err }
	}
	for name, dead := range map[string]endpoint.Endpoint{
		"refused":                 down(refused{errors.New("connection refused")}),
		"until its breaker opens": down(errors.New("no answer")),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := forgetful{[]sd.Instance{{ID: "dead", Addr: "10.0.0.1:80"}, {ID: "alive", Addr: "10.0.0.2:80"}}, make(chan struct{})}
				instances := sd.NewInstancer(registry, sd.InstancerConfig{})
				defer instances.Stop()
				pool := lb.NewPool(instances, func(addr string) (endpoint.Endpoint, io.Closer, error) {
					if addr == "10.0.0.1:80" {
						return dead, nil, nil
					}
					return endpoint.Nop, nil, nil
				}, lb.PoolConfig{Guard: breaker.Each(breaker.Config{})})
				defer pool.Close()
				call := lb.Endpoint(lb.NewRoundRobin(pool))
				synctest.Wait()
				close(registry.forget)
				for range 100 {
					time.Sleep(time.Second)
					_, _ = call(t.Context(), nil)
				}
				synctest.Wait()
				s, _ := instances.Snapshot()
				if len(s.Instances) != 1 || s.Instances[0].ID != "alive" || s.Held != 1 {
					t.Errorf("knows %+v\n%s", s.Instances, instances.Explain())
				}
			})
		})
	}
}
