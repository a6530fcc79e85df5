package lb

import (
	"context"

	"github.com/kitgen/kitgen/sd"
)

// member is an instance the source knows of. The pool's mu guards it.
type member struct {
	in   sd.Instance
	node *node // nil until it is connected
	dial *dial // under way; nil if nothing is
	err  error // why connecting failed last; nil if it did not
}

// dial is one connecting under way. A dial that is no longer its member's has
// been overtaken, and closes what it made.
type dial struct {
	id     string
	addr   string
	cancel context.CancelFunc
}

// drop ends the member's dial, if there is one.
func (m *member) drop() {
	if m.dial != nil {
		m.dial.cancel()
		m.dial = nil
	}
}

// stale notes why the members may be out of date. They stay.
func (p *Pool) stale(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.shut {
		p.source = why
		p.publish()
	}
}

// apply makes members those of set, and keeps the nodes of all that stay.
func (p *Pool) apply(ctx context.Context, set []sd.Instance, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return
	}
	p.source = why
	left := p.members
	p.members, p.order = make(map[string]*member, len(set)), nil
	for _, in := range distinct(set) {
		m := left[in.ID]
		if m == nil {
			m = new(member)
		}
		delete(left, in.ID)
		m.in = in
		p.members[in.ID] = m
		p.order = append(p.order, m)
		p.reach(ctx, m)
	}
	p.publish()
	for _, m := range left {
		m.drop()
		if m.node != nil {
			p.retire(m.node)
		}
	}
}

// reach sees to it that m is connected to its address, or will be.
func (p *Pool) reach(ctx context.Context, m *member) {
	switch {
	case m.node != nil && m.node.addr == m.in.Addr:
		m.drop() // to an address it had in between
		m.err = nil
	case m.in.State == sd.Draining:
		m.drop() // it would be for nothing
	case m.dial == nil || m.dial.addr != m.in.Addr:
		m.drop()
		ctx, cancel := context.WithCancel(ctx)
		d := &dial{id: m.in.ID, addr: m.in.Addr, cancel: cancel}
		m.dial = d
		p.wg.Go(func() {
			defer cancel()
			p.connect(ctx, d)
		})
	}
}

// publish shows picks the members as they are now. p.mu must be held.
func (p *Pool) publish() {
	old := p.snap.Swap(newSnapshot(p.order, p.source))
	close(old.replaced)
}
