package lb

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
)

// snapshot is what picks read: immutable, replaced as a whole.
type snapshot struct {
	pickable []slot                     // connected, Up or Warning, and not about to leave; sorted by ID
	all      []slot                     // connected, and not Draining: who is called in a panic; sorted by ID
	unmet    bool                       // somebody is being connected for the first time
	plain    bool                       // nothing but draining ever keeps callers away from a node: no guard, no ejection, no slow start
	err      error                      // why there is nobody to call; nil if there is
	offers   func() []endpoint.Endpoint // of pickable, for go-kit's balancers; of all if there is none
	replaced chan struct{}              // closed once the pool has a newer snapshot
}

// slot is a node with what the registry says about it now, and with what a pick
// of it returns, so that one that has no question reads nothing else.
type slot struct {
	call endpoint.Endpoint // node.call
	node *node
	in   *sd.Instance // never changed
}

// heaviest is what heavier instances weigh: sums of weights must not overflow.
const heaviest = 1 << 30

// last says whether it is called only if there is nobody else.
func (s *slot) last() bool { return s.in.State == sd.Critical || s.node.spared.Load() }

func (s *slot) weight() int { return min(max(s.in.Weight, 1), heaviest) }

// newSnapshot takes the members sorted by ID. err says why there may be none.
func newSnapshot(members []*member, plain bool, err error) *snapshot {
	s := &snapshot{plain: plain, replaced: make(chan struct{})}
	s.all = make([]slot, 0, len(members))
	last := false // somebody is only called if there is nobody else
	for _, m := range members {
		if m.node == nil {
			s.unmet = s.unmet || m.unmet()
			continue
		}
		if m.seat.node != m.node || m.seat.in != m.in {
			m.seat = slot{m.node.call, m.node, m.in}
		}
		if m.in.State == sd.Draining {
			continue
		}
		last = last || m.seat.last()
		s.all = append(s.all, m.seat)
	}
	s.pickable = s.all
	if last {
		s.pickable = nil
		for _, sl := range s.all {
			if !sl.last() {
				s.pickable = append(s.pickable, sl)
			}
		}
	}
	s.finish(func() error { return whyNone(members, err) })
	return s
}

// finish completes s; none says why there is nobody.
func (s *snapshot) finish(none func() error) {
	if len(s.all) == 0 {
		s.err = none()
		if !errors.Is(s.err, ErrNoEndpoints) {
			s.err = &noEndpoints{s.err}
		}
	}
	s.offers = sync.OnceValue(func() []endpoint.Endpoint { // most pools are never asked
		offers := make([]endpoint.Endpoint, 0, s.callable())
		for i := range s.pickable {
			offers = append(offers, s.pickable[i].node.offer)
		}
		if len(offers) == 0 {
			for i := range s.all {
				offers = append(offers, s.all[i].node.force)
			}
		}
		return slices.Clip(offers) // it is handed out: an append must copy
	})
}

// callable returns how many offers there are.
func (s *snapshot) callable() int {
	if len(s.pickable) > 0 {
		return len(s.pickable)
	}
	return len(s.all)
}

// whyNone says why none of the members can be called. err is what the source
// has to say for itself, if anything.
func whyNone(members []*member, err error) error {
	var draining int
	var failed error
	for _, m := range members {
		if m.in.State == sd.Draining {
			draining++
		}
		if m.err != nil {
			failed = fmt.Errorf("connect to %s: %w", m.in.Addr, m.err)
		}
	}
	switch {
	case failed != nil:
		return fmt.Errorf("%d known, none connected: %w", len(members), failed)
	case draining > 0 && draining == len(members):
		return fmt.Errorf("%d known, all of them leaving", draining)
	case len(members) > 0:
		return fmt.Errorf("%d known, none connected yet", len(members))
	case err != nil:
		return err
	default:
		return errors.New("no instance is registered")
	}
}
