package lb

import (
	"fmt"
	"sync/atomic"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/sd"
)

// Set is what balancers pick from: a Pool, or a View of one. It is a go-kit
// Endpointer, so go-kit's balancers pick from it too. A balancer is updated for
// as long as the pool is open: make it once, not per call.
type Set interface {
	kitsd.Endpointer

	root() *Pool
	current() *snapshot
	// follow calls update with the present snapshot and with every later one,
	// never two at a time. It must not be called by an update.
	follow(update func(*snapshot))
}

var (
	_ Set = (*Pool)(nil)
	_ Set = (*View)(nil)
)

func (p *Pool) root() *Pool        { return p }
func (p *Pool) current() *snapshot { return p.snap.Load() }

func (p *Pool) follow(update func(*snapshot)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.followers = append(p.followers, update)
	update(p.snap.Load())
}

// orNobody returns set or, if it is nil, one without anybody, which says so.
func orNobody(set Set) Set {
	if set != nil {
		return set
	}
	p := NewPool(nil, nil, PoolConfig{})
	p.stale(errNoSet)
	return p
}

// View is a part of a pool, such as the instances of one zone. It follows the
// pool and shares all that is known about an instance with it. It needs no
// closing, is safe for concurrent use and lives as long as the pool.
type View struct {
	pool      *Pool
	snap      atomic.Pointer[snapshot]
	followers []func(*snapshot) // guarded by pool.mu
}

// newView returns the view that part cuts out of each snapshot of set.
func newView(set Set, part func(*snapshot) *snapshot) *View {
	v := &View{pool: set.root()}
	set.follow(func(s *snapshot) {
		s = part(s)
		v.snap.Store(s)
		for _, update := range v.followers {
			update(s)
		}
	})
	return v
}

// Where returns the view of the instances in set for which keep is true. keep
// is called for every instance at every change of the set, and must not block.
// what says in errors whom it keeps, such as "in zone eu-1". A nil keep keeps
// all.
func Where(set Set, what string, keep func(sd.Instance) bool) *View {
	set = orNobody(set)
	if keep == nil {
		return newView(set, func(s *snapshot) *snapshot { return s })
	}
	return newView(set, func(s *snapshot) *snapshot {
		return s.filtered(func(sl *slot) bool { return keep(*sl.in) }, what)
	})
}

// Endpoints implements go-kit's Endpointer, as Pool.Endpoints does.
func (v *View) Endpoints() ([]endpoint.Endpoint, error) {
	s := v.snap.Load()
	return s.offers(), s.err
}

// Instances returns the instances of the view that are connected and do not
// drain, sorted by ID.
func (v *View) Instances() []sd.Instance {
	s := v.snap.Load()
	all := make([]sd.Instance, len(s.all))
	for i := range s.all {
		all[i] = *s.all[i].in
	}
	return all
}

func (v *View) root() *Pool        { return v.pool }
func (v *View) current() *snapshot { return v.snap.Load() }

func (v *View) follow(update func(*snapshot)) {
	v.pool.mu.Lock()
	defer v.pool.mu.Unlock()
	v.followers = append(v.followers, update)
	update(v.snap.Load())
}

// filtered returns the part of s for which keep is true.
func (s *snapshot) filtered(keep func(*slot) bool, what string) *snapshot {
	part := &snapshot{plain: s.plain, replaced: s.replaced}
	for i := range s.pickable {
		if keep(&s.pickable[i]) {
			part.pickable = append(part.pickable, s.pickable[i])
		}
	}
	for i := range s.all {
		if keep(&s.all[i]) {
			part.all = append(part.all, s.all[i])
		}
	}
	part.finish(func() error {
		if s.err != nil {
			return s.err
		}
		return fmt.Errorf("none of %d instances is %s", len(s.all), what)
	})
	return part
}
