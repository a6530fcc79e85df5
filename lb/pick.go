package lb

import (
	"context"
	"sync/atomic"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
)

// chooser is what makes a balancer: it returns one of the slots that w wants,
// or nil if there is none. It may be asked several times per pick. slots are
// the pickable ones of the snapshot it was made for, or all of them in a panic:
// w.ready is false then.
type chooser interface {
	choose(slots []slot, w want) *slot
}

// want says which nodes may be picked, and for whom.
type want struct {
	untried *attempt.Call // not those this call went to; nil: any
	key     uint64        // the hash of the caller's key, if keyed
	keyed   bool
	ready   bool     // only those that are not ejected and whose guard lets a call through
	plain   bool     // no node has to be asked for that
	session *Session // the caller's; nil if it has none, or nobody asks for it
	luck    uint64   // which of the nodes in slow start are passed over; 0: none
	trace   *Pick    // where to note whom the pick looked at; usually nil
}

func (w *want) ok(n *node) bool {
	if w.ready && !w.plain && !n.usable(w.luck) {
		return false
	}
	return w.untried == nil || !w.untried.Tried(n.id)
}

// wanted returns what a call with ctx wants.
func wanted(ctx context.Context) want {
	if k, ok := ctx.(*keyed); ok {
		return want{untried: k.call, key: k.hash, keyed: true}
	}
	w := want{untried: attempt.From(ctx)}
	w.key, w.keyed = keyFrom(ctx)
	return w
}

// balancer is what all balancers over a Set share.
type balancer struct {
	set  Set
	name string
	plan atomic.Pointer[plan]
}

// plan is a snapshot with the chooser that was made for it.
type plan struct {
	*snapshot
	by    chooser
	swift bool // a pick needs nothing but chance: there is somebody, nobody has to be asked whether it is usable, and nobody wants to know or to repeat why it was picked
}

// follow keeps the plan up to date. by returns the chooser for a snapshot; it
// is called by one goroutine at a time, and not by picks.
func (b *balancer) follow(set Set, name string, by func(*snapshot) chooser) {
	b.set, b.name = set, name
	p := set.root()
	set.follow(func(s *snapshot) {
		swift := s.plain && len(s.pickable) > 0 && p.recorder == nil && p.cfg.Virtual == nil
		b.plan.Store(&plan{s, by(s), swift})
	})
}

// stateless is the by of choosers that need no preparation.
func stateless(c chooser) func(*snapshot) chooser { return func(*snapshot) chooser { return c } }

// Endpoint implements go-kit's Balancer. The endpoint goes to one instance. It
// is to be called once, soon: nothing is counted until then.
func (b *balancer) Endpoint() (endpoint.Endpoint, error) { return b.pick(want{}) }

// Pick is Endpoint for a call with ctx: instances that earlier attempts of the
// same call went to are avoided while there are others.
func (b *balancer) Pick(ctx context.Context) (endpoint.Endpoint, error) { return b.pick(wanted(ctx)) }

func (b *balancer) members() Set { return b.set }

// pick lets the chooser choose, and asks for less and less until there is a
// node:
//
//  1. one that is ready and was not tried by this call;
//  2. one that is ready: all of those were tried, so one of them again;
//  3. panic: any that is connected and not draining, also a critical one, past
//     its guard; those not tried first.
//
// Panic begins where nothing is usable, unless PoolConfig.PanicBelow says
// earlier. In Envoy, half is the threshold, to protect the few healthy hosts
// from the load of all, at the price of calls that are known to fail. Here each
// client sees only its own breakers: with three of four open it would fail
// three calls in four, although the fourth instance answers. Whether that one
// is overloaded shows in its latency and its own breaker; when that opens too,
// nothing is left to protect, and a guess at any instance beats the certainty
// of an error. Past the guard, since every guard would refuse; a guard that is
// due for a probe is ready, and so is found by the first two steps.
func (b *balancer) pick(w want) (endpoint.Endpoint, error) {
	p := b.plan.Load()
	if r := b.set.root().recorder; r != nil {
		return r.record(b.name, len(p.pickable), w, p.pick)
	}
	return p.pick(w)
}

// try is the first step of pick alone: see part.
func (b *balancer) try(w want) *slot {
	w.trace.by(b.name)
	return b.plan.Load().try(w)
}

func (p *plan) pick(w want) (endpoint.Endpoint, error) {
	if sl := p.try(w); sl != nil {
		w.trace.chose(sl, "ready")
		return sl.call, nil
	}
	return p.insist(w)
}

// try is the first step of pick alone. It returns nil where pick would go on to
// the next.
func (p *plan) try(w want) *slot {
	if len(p.pickable) == 0 || p.panicking() {
		return nil
	}
	if w.untried.Len() == 0 {
		w.untried = nil
	}
	w.ready, w.plain = true, p.plain
	if !p.plain {
		w.luck = p.all[0].node.pool.luck(&w)
	}
	sl := p.by.choose(p.pickable, w)
	if sl == nil && w.luck != 0 { // rather one that is cold than none
		w.luck = 0
		w.trace.begin()
		sl = p.by.choose(p.pickable, w)
	}
	return sl
}

// insist is all steps of pick after the first.
func (p *plan) insist(w want) (endpoint.Endpoint, error) {
	again := w.untried.Len() > 0
	if !again {
		w.untried = nil
	}
	if again && !p.panicking() {
		anew := w
		anew.untried = nil
		w.trace.begin()
		if sl := p.try(anew); sl != nil {
			w.trace.chose(sl, "tried")
			return sl.call, nil
		}
	}
	w.ready, w.plain = false, p.plain
	for {
		w.trace.begin()
		if sl := p.by.choose(p.all, w); sl != nil {
			w.trace.chose(sl, "panic")
			return sl.node.force, nil
		}
		if w.untried == nil {
			return nil, p.err
		}
		w.untried = nil
	}
}

// panicking says whether so few nodes are usable that all are called.
func (s *snapshot) panicking() bool {
	return !s.plain && len(s.all) > 0 && s.all[0].node.pool.panicking.Load()
}

// anyOf returns one of the slots that w wants, each with the same chance, by
// looking at all of them: for when guesses did not find one.
func anyOf(slots []slot, w want) *slot {
	if len(slots) == 0 {
		return nil
	}
	var found *slot
	r, k := slots[0].node.pool.dice(), 0
	for i := range slots {
		if !w.ok(slots[i].node) {
			if w.trace != nil {
				w.trace.consider(&slots[i], 0, &w)
			}
			continue
		}
		if k++; r.below(k) == 0 {
			found = &slots[i]
		}
	}
	return found
}
