package lb

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/sd"
)

// watch follows src until ctx ends.
func (p *Pool) watch(ctx context.Context, src kitsd.Instancer) {
	if s, ok := src.(sd.Source); ok {
		p.watchSource(ctx, s)
	} else {
		p.watchEvents(ctx, src)
	}
}

// watchSource never falls behind: it always reads the latest set.
func (p *Pool) watchSource(ctx context.Context, src sd.Source) {
	for {
		s, newer := src.Snapshot() // before the first sync, it may remember instances
		p.apply(s.Instances, doubt(s.Synced, s.Err))
		select {
		case <-newer:
		case <-ctx.Done():
			return
		}
	}
}

// watchEvents reads until src has let go of the channel: go-kit's instancers
// send while they hold the lock that Deregister needs, and some send from
// within Register.
func (p *Pool) watchEvents(ctx context.Context, src kitsd.Instancer) {
	events, released := make(chan kitsd.Event), make(chan struct{})
	p.wg.Go(func() {
		defer close(released)
		src.Register(events)
		<-ctx.Done()
		src.Deregister(events)
	})
	for synced := false; ; {
		select {
		case <-released:
			return
		case e, open := <-events:
			switch {
			case !open:
				events = nil // not go-kit's habit; what is known stays
			case e.Err != nil:
				p.stale(doubt(synced, e.Err))
			default:
				synced = true
				p.apply(named(e.Instances), nil)
			}
		}
	}
}

// doubt says why a set of instances may be stale or empty; nil if there is
// nothing to say.
func doubt(synced bool, err error) error {
	switch {
	case synced && err == nil:
		return nil
	case synced:
		return fmt.Errorf("the source is stale: %w", err)
	case err == nil:
		return errNotSynced
	default:
		return fmt.Errorf("%w: %w", errNotSynced, err)
	}
}

// named gives each address its own name as ID.
func named(addrs []string) []sd.Instance {
	all := make([]sd.Instance, len(addrs))
	for i, a := range addrs {
		all[i] = sd.Instance{ID: a, Addr: a}
	}
	return all
}

// distinct returns a sorted copy without duplicates. Two entries with one ID
// are one instance, and so are two with one address, or a process would get a
// double share: of those, the one that takes calls is kept, then the first by
// ID.
func distinct(all []sd.Instance) []sd.Instance {
	all = slices.Clone(all) // the source's own
	for i := range all {
		all[i].ID = cmp.Or(all[i].ID, all[i].Addr)
	}
	slices.SortStableFunc(all, func(a, b sd.Instance) int {
		return cmp.Or(cmp.Compare(reluctance(a.State), reluctance(b.State)), cmp.Compare(a.ID, b.ID))
	})
	ids, addrs := make(map[string]bool, len(all)), make(map[string]bool, len(all))
	all = slices.DeleteFunc(all, func(in sd.Instance) bool {
		addr := canonical(in.Addr)
		if ids[in.ID] || addrs[addr] {
			return true
		}
		ids[in.ID], addrs[addr] = true, true
		return false
	})
	slices.SortFunc(all, func(a, b sd.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// reluctance orders states by how much an instance wants calls.
func reluctance(s sd.State) int {
	switch s {
	case sd.Critical:
		return 1
	case sd.Draining:
		return 2
	default:
		return 0
	}
}
