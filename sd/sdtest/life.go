package sdtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kitgen/kitgen/sd"
)

func leave(c *check) {
	w := c.watch()
	x := c.hold(instance(1))
	w.awaitIDs("i001")
	if err := x.leave(); err != nil {
		c.broken("Hold returned %v when its ctx ended: want nil once the instance is removed", err)
	}
	w.awaitIDs()
	c.watch().await("a first set", func(set []sd.Instance) bool {
		if len(set) > 0 {
			c.broken("it is back for a watcher that came later: %+v", set)
		}
		return true
	})
	drained, there := false, false
	for _, set := range w.history() {
		in, is := find(set, "i001")
		drained = drained || is && in.State == sd.Draining
		if is && !there && drained && in.State != sd.Draining {
			c.broken("it came back after it had left: %s", show(w.history()))
		}
		there = is
	}
	if !drained {
		c.Logf("it vanished without being seen Draining: callers learn of it late, and protection holds the last one")
	}
}

func leaveAlone(c *check) {
	w := c.watch()
	all := []*holding{c.hold(instance(0)), c.hold(instance(1)), c.hold(instance(2))}
	w.awaitIDs("i000", "i001", "i002")
	if err := all[1].leave(); err != nil {
		c.broken("Hold returned %v when it left", err)
	}
	w.awaitIDs("i000", "i002")
	c.watch().awaitIDs("i000", "i002")
	if err := all[0].leave(); err != nil {
		c.broken("Hold returned %v when it left", err)
	}
	w.awaitIDs("i002")
}

func leaveUnregistered(c *check) {
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	x := c.start(ctx, c.Holder(c.service), instance(1))
	if !x.ended() {
		c.broken("Hold did not return within %s", c.Patience)
	}
	c.hold(instance(2))
	c.watch().awaitIDs("i002")
}

func regain(c *check) {
	w := c.watch()
	r := c.register(instance(1))
	w.awaitIDs("i001")
	for range 2 { // what is regained must be as good as the first
		if err := c.Lose(c.service, r.Instance().ID); err != nil {
			c.Fatalf("Backend.Lose: %v", err)
		}
		c.watch().awaitIDs("i001")
	}
}

// register runs a Registrar until the case ends, and waits for its first
// success.
func (c *check) register(in sd.Instance) *sd.Registrar {
	c.Helper()
	r := sd.NewRegistrar(c.Holder(c.service), in, sd.RegistrarConfig{MaxBackoff: time.Second})
	r.Register()
	c.Cleanup(r.Deregister)
	late, stop := c.deadline()
	defer stop()
	select {
	case <-r.Registered():
	case <-late:
		_, err := r.State()
		c.broken("%q was not registered within %s: %v", in.ID, c.Patience, err)
	}
	return r
}

// outage makes the registry unreachable until heal is called, at the latest
// when the case ends.
func (c *check) outage() (heal func()) {
	c.Outage()
	heal = sync.OnceFunc(c.Heal)
	c.Cleanup(heal)
	return heal
}

// blackout is how long an outage lasts at most.
const blackout = 2 * time.Second

func outageHeld(c *check) {
	h := c.Holder(c.service)
	heal := c.outage()
	ctx, cancel := context.WithTimeout(c.Context(), blackout)
	defer cancel()
	x := c.start(ctx, h, instance(1))
	late, stop := c.deadline()
	defer stop()
	select {
	case <-x.held:
		c.broken("held was called during the outage")
	case <-x.done:
	case <-late:
		c.broken("Hold did not return within %s of the end of its ctx", c.Patience)
	}
	heal()
	c.register(instance(2))
}

func outageKept(c *check) {
	c.register(instance(1))
	seen := &recorder{Watcher: c.Watcher(c.service)}
	i := sd.NewInstancer(seen, sd.InstancerConfig{MaxBackoff: time.Second})
	c.Cleanup(i.Stop)
	c.knows(i, "i001")

	heal := c.outage()
	during := seen.count()
	c.notices(i)
	for _, set := range seen.since(during) {
		if len(set) == 0 {
			c.broken("Watch reported an empty set while the registry was away: it must return an error instead")
		}
	}
	heal()
	c.register(instance(2))
	c.knows(i, "i001", "i002")
}

// notices waits until i knows of the outage, or that has lasted long enough:
// a backend may also sit it out.
func (c *check) notices(i *sd.Instancer) {
	long := time.NewTimer(blackout)
	defer long.Stop()
	for {
		s, changed := i.Snapshot()
		if s.Err != nil {
			return
		}
		select {
		case <-changed:
		case <-long.C:
			return
		}
	}
}

// knows waits until i knows exactly ids and is healthy, and never less than
// the first of them on the way.
func (c *check) knows(i *sd.Instancer, ids ...string) {
	c.Helper()
	late, stop := c.deadline()
	defer stop()
	for synced := false; ; {
		s, changed := i.Snapshot()
		if slices.Equal(idsOf(s.Instances), ids) && s.Err == nil {
			return
		}
		if _, is := find(s.Instances, ids[0]); synced && !is {
			c.broken("%q is gone from %q", ids[0], idsOf(s.Instances))
		}
		synced = synced || len(s.Instances) > 0
		select {
		case <-changed:
		case <-late:
			c.broken("wanted %q within %s; know %q, error %v", ids, c.Patience, idsOf(s.Instances), s.Err)
		}
	}
}

// recorder is a Watcher that remembers what another one reports.
type recorder struct {
	sd.Watcher

	mu   sync.Mutex // guards sets
	sets [][]sd.Instance
}

func (r *recorder) Watch(ctx context.Context, update func([]sd.Instance)) error {
	return r.Watcher.Watch(ctx, func(set []sd.Instance) {
		r.mu.Lock()
		r.sets = append(r.sets, slices.Clone(set))
		r.mu.Unlock()
		update(set)
	})
}

func (r *recorder) count() int { return len(r.since(0)) }

func (r *recorder) since(n int) [][]sd.Instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sets[n:])
}
