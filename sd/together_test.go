package sd_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

// fleet is a service in a registry, and somebody who watches it.
type fleet struct {
	registry   *sdtest.Memory
	registrars []*sd.Registrar
	instances  *sd.Instancer
}

func newFleet(t *testing.T, n int) *fleet {
	f := &fleet{registry: new(sdtest.Memory)}
	f.instances = sd.NewInstancer(f.registry.Watcher("addsvc"), sd.InstancerConfig{})
	t.Cleanup(f.instances.Stop)
	for k := range n {
		in := sd.Instance{ID: fmt.Sprintf("i%d", k), Addr: fmt.Sprintf("10.0.0.%d:80", k+1)}
		r := sd.NewRegistrar(f.registry.Holder("addsvc"), in, sd.RegistrarConfig{})
		r.Register()
		t.Cleanup(r.Deregister)
		f.registrars = append(f.registrars, r)
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	return f
}

func (f *fleet) want(t *testing.T, n int) {
	t.Helper()
	synctest.Wait()
	if s, _ := f.instances.Snapshot(); len(s.Instances) != n {
		t.Errorf("knows %d instances (%d held), want %d", len(s.Instances), s.Held, n)
	}
}

func TestFleetLeavesGracefullyToTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 5)
		f.want(t, 5)
		for k, r := range f.registrars {
			r.Deregister()
			f.want(t, 4-k)
		}
	})
}

func TestFleetSurvivesItsRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 5)
		for range 3 {
			f.registry.Outage()
			time.Sleep(30 * time.Second)
			f.want(t, 5)
			f.registry.Heal()
			time.Sleep(10 * time.Second) // the longest backoff, and until a registration counts as proven
			f.want(t, 5)
			if s, _ := f.instances.Snapshot(); s.Err != nil || s.Held > 0 {
				t.Errorf("after the outage %d are held and the error is %v", s.Held, s.Err)
			}
		}
		for k := range f.registrars {
			if err := f.registry.Lose("addsvc", fmt.Sprintf("i%d", k)); err != nil {
				t.Fatal(err)
			}
		}
		f.want(t, 5)
		for _, r := range f.registrars {
			if state, err := r.State(); state != sd.Registered {
				t.Errorf("%s is %s: %v", r.Instance().ID, state, err)
			}
		}
	})
}
