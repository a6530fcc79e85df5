package lb

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/sd"
)

// snapshot is what picks read: immutable, replaced as a whole.
type snapshot struct {
	pickable []slot              // connected, and Up or Warning
	all      []slot              // connected, and not Draining: who is called in a panic
	offers   []endpoint.Endpoint // of pickable, for go-kit's balancers; of all if there is none
	err      error               // why offers is empty; nil if it is not
	replaced chan struct{}       // closed once there is a newer snapshot
}

// slot is a node with what the registry says about it now, so that a change of
// weight touches no word that calls write.
type slot struct {
	node  *node
	share float64 // 1/weight
}

// newSnapshot takes the members sorted by ID. err says why there may be none.
func newSnapshot(members []*member, err error) *snapshot {
	s := &snapshot{replaced: make(chan struct{})}
	for _, m := range members {
		if m.node == nil || m.in.State == sd.Draining {
			continue
		}
		sl := slot{m.node, 1 / float64(max(m.in.Weight, 1))}
		s.all = append(s.all, sl)
		if m.in.State != sd.Critical {
			s.pickable = append(s.pickable, sl)
		}
	}
	for _, sl := range s.pickable {
		s.offers = append(s.offers, sl.node.offer)
	}
	if len(s.pickable) == 0 {
		for _, sl := range s.all {
			s.offers = append(s.offers, sl.node.force)
		}
	}
	if len(s.offers) == 0 {
		s.err = &noEndpoints{whyNone(members, err)}
	}
	s.offers = slices.Clip(s.offers) // it is handed out: an append must copy
	return s
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
