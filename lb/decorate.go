package lb

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"
)

// part is a balancer that others choose from: over a view, and asked for
// instances that are ready only. Which of the parts does what when nobody is
// ready anywhere is nothing that one of them can know.
type part interface {
	// try returns an instance that is ready and was not tried by the call that w
	// is for, or nil. The slot is good until the next pick, and must not be
	// changed.
	try(w want) *slot
}

// partOf returns the balancer that policy makes over set; adaptive if policy is
// nil.
func partOf(set Set, policy Policy) (part, error) {
	if policy == nil {
		return NewAdaptive(set, AdaptiveConfig{}), nil
	}
	switch b := policy(set).(type) {
	case nil:
		return nil, errors.New("lb: the policy returned no balancer (nil): return one, or pass a nil policy for adaptive")
	case part:
		return b, nil
	default:
		return &stranger{b, set}, nil
	}
}

// errNoSet is what constructors say that can return an error, and what every pick
// says of balancers whose constructors cannot.
var errNoSet = errors.New("lb: there is no set (nil) to pick from: pass a Pool or a View")

// stranger is a part by somebody else's balancer. It does not say which instance
// it picked, so it is asked only if there is one that it may pick. Whether that
// was the one shows when it is called: see Pool.Endpoints.
type stranger struct {
	b   kitlb.Balancer
	set Set
}

func (s *stranger) try(w want) *slot {
	if w.trace != nil {
		w.trace.by(fmt.Sprintf("%T", s.b))
	}
	p := plan{snapshot: s.set.current(), by: uniform{}}
	ready := p.try(w)
	if ready == nil {
		return nil
	}
	e, err := s.b.Endpoint()
	if err != nil {
		return ready
	}
	return &slot{call: e}
}

// decorator is what balancers share that choose among parts. With all parts
// together they may pick whoever is in set.
type decorator struct {
	set   Set
	name  string
	parts part // of which try is the choice
}

// Endpoint implements go-kit's Balancer. The endpoint goes to one instance. It
// is to be called once, soon: nothing is counted until then.
func (d *decorator) Endpoint() (endpoint.Endpoint, error) { return d.pick(want{}) }

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others, wherever they are.
func (d *decorator) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	w := wanted(ctx)
	w.session = sessionFrom(ctx)
	return d.pick(w)
}

func (d *decorator) members() Set { return d.set }

func (d *decorator) pick(w want) (endpoint.Endpoint, error) {
	if r := d.set.root().recorder; r != nil {
		return r.record(d.name, len(d.set.current().pickable), w, d.choose)
	}
	return d.choose(w)
}

// choose asks the parts first. When nobody is ready, any instance is as good as
// the others: it is any of the whole set, as for all balancers.
func (d *decorator) choose(w want) (endpoint.Endpoint, error) {
	if sl := d.parts.try(w); sl != nil {
		w.trace.chose(sl, "ready")
		return sl.call, nil
	}
	w.trace.by(d.name)
	w.trace.begin()
	p := plan{snapshot: d.set.current(), by: uniform{}}
	return p.pick(w)
}
