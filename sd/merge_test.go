package sd_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

// move is a service in two registries, and somebody who watches both.
type move struct {
	old, next         sdtest.Memory
	fromOld, fromNext *sd.Instancer
	both              *sd.Instancer
}

func newMove(t *testing.T) *move {
	m := new(move)
	m.fromOld = sd.NewInstancer(m.old.Watcher("svc"), sd.InstancerConfig{})
	m.fromNext = sd.NewInstancer(m.next.Watcher("svc"), sd.InstancerConfig{})
	m.both = sd.NewInstancer(sd.Merge(m.fromOld, m.fromNext), sd.InstancerConfig{Protection: sd.Off})
	t.Cleanup(func() {
		m.both.Stop()
		m.fromOld.Stop()
		m.fromNext.Stop()
	})
	return m
}

func (m *move) want(t *testing.T, source sd.SourceState, ids ...string) {
	t.Helper()
	synctest.Wait()
	s, _ := m.both.Snapshot()
	var got []string
	for _, in := range s.Instances {
		got = append(got, in.ID)
	}
	if s.Source() != source || !slices.Equal(got, ids) {
		t.Errorf("%s with %q, want %s with %q (%v)", s.Source(), got, source, ids, s.Err)
	}
}

func registrar(h sd.Holder, id, addr string) *sd.Registrar {
	return sd.NewRegistrar(h, sd.Instance{ID: id, Addr: addr}, sd.RegistrarConfig{})
}

// The three steps of a move: callers read both, instances register in both,
// then the old registry is switched off.
func TestMoveFromOneRegistryToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMove(t)
		a := registrar(m.old.Holder("svc"), "a", "10.0.0.1:80")
		a.Register()
		m.want(t, sd.Fresh, "a")

		b := sd.NewGroup(registrar(m.old.Holder("svc"), "b", "10.0.0.2:80"), registrar(m.next.Holder("svc"), "b", "10.0.0.2:80"))
		b.Register()
		m.want(t, sd.Fresh, "a", "b")
		a.Deregister()
		m.want(t, sd.Fresh, "b")

		m.old.Outage()
		time.Sleep(time.Hour)
		m.want(t, sd.Fresh, "b")
		if state, err := b.State(); state != sd.Lost || err == nil {
			t.Errorf("the group is %s, %v, while one registry is away", state, err)
		}
		c := registrar(m.next.Holder("svc"), "c", "10.0.0.3:80")
		c.Register()
		m.want(t, sd.Fresh, "b", "c")

		m.next.Outage()
		time.Sleep(time.Minute)
		m.want(t, sd.Stale, "b", "c")
		m.next.Heal()
		m.old.Heal()
		time.Sleep(time.Minute)
		m.want(t, sd.Fresh, "b", "c")
		if state, err := b.State(); state != sd.Registered || err != nil {
			t.Errorf("the group is %s, %v", state, err)
		}
		b.Deregister()
		m.want(t, sd.Fresh, "c")
		c.Deregister()
		m.want(t, sd.Fresh)
	})
}

func TestMergedDrainingInOneIsDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := sd.NewInstancer(sd.Fixed{{ID: "a", Addr: "10.0.0.1:80"}}, sd.InstancerConfig{})
		leaving := sd.NewInstancer(sd.Fixed{{ID: "a", Addr: "10.0.0.1:80", State: sd.Draining}}, sd.InstancerConfig{})
		both := sd.NewInstancer(sd.Merge(up, leaving), sd.InstancerConfig{Protection: sd.Off})
		defer func() { both.Stop(); up.Stop(); leaving.Stop() }()
		synctest.Wait()
		if s, _ := both.Snapshot(); len(s.Instances) != 1 || s.Instances[0].State != sd.Draining {
			t.Errorf("knows %+v", s.Instances)
		}
	})
}

func TestMergePassesOnWhatCallersFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMove(t)
		a := registrar(m.old.Holder("svc"), "a", "10.0.0.1:80")
		a.Register()
		defer a.Deregister()
		m.want(t, sd.Fresh, "a")
		m.old.Outage()
		a.Deregister() // the registry does not hear of it
		m.old.Heal()
		time.Sleep(time.Minute)
		if err := m.old.Lose("svc", "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		m.want(t, sd.Fresh, "a") // held by its source
		m.both.Unreachable("a")
		m.want(t, sd.Fresh)
	})
}

func TestMergeOfNobodySaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := sd.NewInstancer(sd.Merge(), sd.InstancerConfig{})
		defer i.Stop()
		synctest.Wait()
		if s, _ := i.Snapshot(); s.Err == nil {
			t.Error("no error")
		}
	})
}
