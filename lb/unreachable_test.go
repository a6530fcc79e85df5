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

// halted is the error of a call that was not sent because time was up.
type halted struct{ error }

func (halted) NotSent() bool { return true }
func (halted) Timeout() bool { return true }

// A registry that lost everybody is not believed, but those who call an instance
// that refuses them are. That calls are late, or fail, is no such word: it may
// be the caller who was halted.
func TestCallersDecideAboutHeldInstances(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		stays bool
	}{
		"refused":  {refused{errors.New("connection refused")}, false},
		"too late": {halted{errors.New("no connection in time")}, true},
		"failing":  {errors.New("no answer"), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := forgetful{[]sd.Instance{{ID: "dead", Addr: "10.0.0.1:80"}, {ID: "alive", Addr: "10.0.0.2:80"}}, make(chan struct{})}
				instances := sd.NewInstancer(registry, sd.InstancerConfig{})
				defer instances.Stop()
				pool := lb.NewPool(instances, func(addr string) (endpoint.Endpoint, io.Closer, error) {
					if addr == "10.0.0.1:80" {
						return func(context.Context, any) (any, error) { return nil, tt.err }, nil, nil
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
				if stays := len(s.Instances) == 2; stays != tt.stays || s.Held != len(s.Instances) {
					t.Errorf("knows %+v\n%s", s.Instances, instances.Explain())
				}
			})
		})
	}
}
