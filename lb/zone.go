package lb

import (
	"fmt"
	"math"
	"sync/atomic"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/sd"
)

// ZoneConfig configures a ZoneAware. All but Zone may be zero.
type ZoneConfig struct {
	Zone string // where the caller is, as in sd.Instance.Zone; if it is empty, or nobody is there, zones do not matter

	// Callers is the share of all callers that are in Zone, above 0 and up to 1.
	// 1 divided by the number of zones with instances if zero.
	Callers float64

	// Headroom is how many times its fair share of all calls an instance in Zone
	// may get before some go elsewhere, at least 1; 1.4 if zero.
	Headroom float64

	// Slower is how many times as slow as the others the instances in Zone may be
	// before calls go elsewhere, at least 1; 2 if zero.
	Slower float64

	// Explore is the share of calls that go to other zones all the same, below 1:
	// otherwise nobody would know how these fare, and their connections would be
	// cold when they are needed. 1/64 if zero; none if negative, and Slower then
	// has no effect but by chance.
	Explore float64
}

func (c ZoneConfig) withDefaults() ZoneConfig {
	orElse := func(f *float64, def float64) {
		if *f == 0 {
			*f = def
		}
	}
	orElse(&c.Headroom, 1.4)
	orElse(&c.Slower, 2)
	orElse(&c.Explore, 1./64)
	c.Explore = max(c.Explore, 0)
	return c
}

// check says what is wrong. The conditions are such that NaN is.
func (c ZoneConfig) check() error {
	for _, f := range []struct {
		name  string
		value float64
		ok    bool
		mend  string
	}{
		{"Callers", c.Callers, c.Callers >= 0 && c.Callers <= 1, "give a share from 0 to 1, or 0 if it is not known"},
		{"Headroom", c.Headroom, c.Headroom == 0 || c.Headroom >= 1 && !math.IsInf(c.Headroom, 0), "give a number from 1, or 0 for 1.4"},
		{"Slower", c.Slower, c.Slower == 0 || c.Slower >= 1 && !math.IsInf(c.Slower, 0), "give a number from 1, or 0 for 2"},
		{"Explore", c.Explore, c.Explore < 1, "give a share below 1, or 0 for 1/64"},
	} {
		if !f.ok {
			return fmt.Errorf("lb: ZoneConfig.%s is %v: %s", f.name, f.value, f.mend)
		}
	}
	return nil
}

// ZoneAware prefers instances in the caller's zone: calls that stay there are
// faster, cost nothing extra, and do not fail with another zone. The share of
// calls that stays is
//
//	min(1, Headroom · usable weight in the zone / usable weight of all / Callers)
//	· min(1, Slower · cost of the others / cost in the zone)²
//
// The first factor is Envoy's zone-aware routing: if a third of the callers has
// a sixth of the instances, half of their calls have to go elsewhere for all
// instances to get the same. Headroom is Envoy's overprovisioning factor, so that
// a deployment, or one instance too few, moves no calls. Envoy counts the callers
// by zone; here they are taken to be spread evenly unless Callers says otherwise.
// Instances that are critical, ejected, or whose breaker is open, have no usable
// weight; those without a zone are elsewhere.
//
// The second factor is for what weights do not tell: a zone that is overloaded
// by others, or fails. Its cost is
//
//	latency / success²
//
// of this client's calls, averaged over about two seconds, with silence as
// latency, and forgotten in about ten when no calls tell of it. Calls in flight
// would not do here: the zone that has all of them may be just as good. The square
// keeps a zone that has too few instances for its callers at hardly more than
// Slower, and does not swing: without it, that took half as long again.
//
// Both are looked at some 50 times a second. A pick that finds nobody ready in
// the zone, who was not tried by the call, picks elsewhere at once. Calls with a
// key, see WithKey, stay or go by key, so that those that hash find what they
// cached. It is safe for concurrent use.
type ZoneAware struct {
	decorator
	cfg           ZoneConfig
	local, others zonePart
	zones         atomic.Int32 // how many have instances

	looked atomic.Int64 // Pool.relaxed when share was computed
	share  atomicFloat  // of calls that stay
}

// zonePart is the balancer of the caller's zone, or of the others.
type zonePart struct {
	part
	name  string // in explanations
	view  *View
	pulse *pulse
}

var _ kitlb.Balancer = (*ZoneAware)(nil)

// NewZoneAware returns a balancer that picks from set by zone, and within the
// caller's zone, or outside of it, by a balancer that policy makes: adaptive if
// nil. The error says what to mend in cfg.
func NewZoneAware(set Set, cfg ZoneConfig, policy Policy) (*ZoneAware, error) {
	if set == nil {
		return nil, errNoSet
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	b := &ZoneAware{cfg: cfg.withDefaults()}
	b.decorator = decorator{set: set, name: "zone aware", parts: b}
	inside := func(in sd.Instance) bool { return cfg.Zone != "" && in.Zone == cfg.Zone }
	var err error
	if b.local, err = newZonePart(set, policy, "zone "+cfg.Zone, "in zone "+cfg.Zone, inside); err != nil {
		return nil, err
	}
	outside := func(in sd.Instance) bool { return !inside(in) }
	if b.others, err = newZonePart(set, policy, "other zones", "outside zone "+cfg.Zone, outside); err != nil {
		return nil, err
	}
	set.follow(func(s *snapshot) {
		b.zones.Store(s.zones())
		b.looked.Store(-1) // look again
	})
	return b, nil
}

func newZonePart(set Set, policy Policy, name, what string, keep func(sd.Instance) bool) (zonePart, error) {
	pulse := &pulse{pool: set.root()}
	view := newView(Where(set, what, keep), pulse.felt())
	own, err := partOf(view, policy)
	return zonePart{own, name, view, pulse}, err
}

// zones counts the zones that have instances.
func (s *snapshot) zones() int32 {
	seen := map[string]bool{}
	for i := range s.all {
		if zone := s.all[i].in.Zone; zone != "" {
			seen[zone] = true
		}
	}
	return int32(len(seen))
}

func (b *ZoneAware) try(w want) *slot {
	first, second := &b.local, &b.others
	if !b.stays(w) {
		first, second = second, first
	}
	if sl := first.try(w); sl != nil {
		w.trace.via(first.name)
		return sl
	}
	w.trace.begin()
	sl := second.try(w)
	w.trace.via(second.name)
	return sl
}

// zoneSalt makes the hash by which a key stays another one than that by which
// it finds its instance.
const zoneSalt = 0x5a6f6e65

// stays says whether a call goes to the caller's zone. The pool's relaxing is its
// clock: see Pool.relax.
func (b *ZoneAware) stays(w want) bool {
	pool := b.set.root()
	if now := pool.relaxed.Load(); b.looked.Load() != now {
		b.looked.Store(now)
		b.share.store(b.look(now))
	}
	if w.keyed {
		return fraction(mix(w.key^zoneSalt)) < b.share.load()
	}
	r := pool.dice()
	return r.fraction() < b.share.load()
}

// look returns the share of calls that stays, as things are.
func (b *ZoneAware) look(now int64) float64 {
	local, others := b.local.view.current().usable(), b.others.view.current().usable()
	cost := b.local.pulse.beat(now).to(b.others.pulse.beat(now))
	return b.cfg.share(local, others, int(b.zones.Load()), cost)
}

// usable returns the weight of the instances that are.
func (s *snapshot) usable() (weight float64) {
	for i := range s.pickable {
		n := s.pickable[i].node
		if n.barred.Load()&ejected == 0 && n.isReady() {
			weight += float64(s.pickable[i].weight())
		}
	}
	return weight
}

// share returns the share of calls that stays in a zone of local usable weight,
// where a call costs so many times what it costs elsewhere.
func (c *ZoneConfig) share(local, others float64, zones int, cost float64) float64 {
	switch {
	case local == 0:
		return 0
	case others == 0:
		return 1
	}
	callers := c.Callers
	if callers == 0 {
		callers = 1 / float64(max(zones, 1))
	}
	room := c.Headroom * local / (local + others) / callers
	slow := min(1, c.Slower/cost)
	return min(1, room) * slow * slow * (1 - c.Explore)
}
