package etcd

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
)

// go-kit's own parts work on ours unchanged.
func TestGoKit(t *testing.T) {
	f := newFixture(t)
	var (
		instancer kitsd.Instancer = NewInstancer(f.client, "svc", Config{})
		registrar kitsd.Registrar = sd.NewRegistrar(f.holder, instance("a"), sd.RegistrarConfig{})
	)
	defer instancer.Stop()
	registrar.Register()
	defer registrar.Deregister()
	hold(t, f.holder, instance("b"))

	events := make(chan kitsd.Event)
	instancer.Register(events)
	defer instancer.Deregister(events)
	both := []string{instance("a").Addr, instance("b").Addr}
	slices.Sort(both)
	for e := range events {
		if e.Err != nil {
			t.Fatal(e.Err)
		}
		if slices.Equal(e.Instances, both) {
			break
		}
	}

	var mu sync.Mutex
	closed := 0
	factory := func(addr string) (endpoint.Endpoint, io.Closer, error) {
		call := func(context.Context, any) (any, error) { return addr, nil }
		return call, closer(func() { mu.Lock(); closed++; mu.Unlock() }), nil
	}
	endpointer := kitsd.NewEndpointer(instancer, factory, log.NewNopLogger())
	defer endpointer.Close()
	count := func() int {
		endpoints, err := endpointer.Endpoints()
		if err != nil {
			t.Fatal(err)
		}
		return len(endpoints)
	}
	eventually(t, "go-kit's Endpointer has both", func() bool { return count() == 2 })
	registrar.Deregister()
	eventually(t, "it has one, and has closed the other", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return count() == 1 && closed == 1
	})
}

type closer func()

func (c closer) Close() error {
	c()
	return nil
}
