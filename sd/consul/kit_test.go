package consul

import (
	"slices"
	"testing"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/sd"
)

// go-kit's contracts hold for ours.
func TestGoKit(t *testing.T) {
	f := newFixture(t)
	var (
		instancer kitsd.Instancer = NewInstancer(f.client, "svc", Config{})
		registrar kitsd.Registrar = sd.NewRegistrar(f.holder, instance("a"), sd.RegistrarConfig{})
	)
	defer instancer.Stop()
	events := make(chan kitsd.Event)
	instancer.Register(events)
	defer instancer.Deregister(events)
	registrar.Register()
	defer registrar.Deregister()
	b := instance("b")
	hold(t, f.holder, b)

	await := func(addrs ...string) {
		t.Helper()
		slices.Sort(addrs)
		for e := range events {
			if e.Err != nil {
				t.Fatal(e.Err)
			}
			if slices.Equal(e.Instances, addrs) {
				return
			}
		}
	}
	await(instance("a").Addr, b.Addr)
	registrar.Deregister()
	await(b.Addr)
}
