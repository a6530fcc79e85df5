package lb

import (
	"context"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// member is an instance the source knows of. The pool's mu guards it.
type member struct {
	in   *sd.Instance // replaced, never changed: picks read it
	node *node        // nil until it is connected
	dial *dial        // under way; nil if nothing is
	err  error        // why connecting failed last; nil if it did not
	seen uint64       // the last Pool.sets that had it
}

// dial is one connecting under way. A dial that is no longer its member's has
// been overtaken, and closes what it made.
type dial struct {
	id     string
	addr   string
	cancel context.CancelFunc
	joins  bool // a pool that has instances
	among  int  // how many instances there are
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

// apply makes members those of set, and keeps the nodes of all that stay. What
// has not changed costs little: a pool may have ten thousand instances, and
// change a hundred times a second.
func (p *Pool) apply(ctx context.Context, set []sd.Instance, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return
	}
	p.source = why
	p.sets++
	if !p.tidy(set) {
		set = distinct(set)
	}
	order := make([]*member, 0, len(set))
	for i := range set {
		m := p.memberAt(&set[i], i)
		order = append(order, m)
		m.seen = p.sets
		if m.in == nil || !same(m.in, &set[i]) {
			in := set[i] // a copy, so that one instance does not keep the whole set alive
			m.in = &in
		}
		p.reach(ctx, m, len(set))
	}
	left := p.order
	p.order = order
	for _, m := range left {
		if m.seen == p.sets {
			continue
		}
		m.drop()
		if p.members[m.in.ID] == m {
			delete(p.members, m.in.ID)
		}
		if m.node != nil {
			p.leaving = append(p.leaving, m.node)
		}
	}
	p.publish()
}

// memberAt returns the member of in, which is the i-th of a set, and a new one
// if there is none.
func (p *Pool) memberAt(in *sd.Instance, i int) *member {
	m := p.known(in, i)
	if m == nil {
		m = new(member)
		p.members[in.ID] = m
	}
	return m
}

// tidy says whether set is sorted by ID and without duplicates, as sets from
// package sd are. It checks those that were not there before only.
func (p *Pool) tidy(set []sd.Instance) bool {
	var fresh map[string]bool // addresses of those that are new or have moved
	for i := range set {
		in := &set[i]
		if in.ID == "" || i > 0 && set[i-1].ID >= in.ID {
			return false
		}
		if m := p.known(in, i); m == nil || m.in.Addr != in.Addr {
			if fresh[in.Addr] {
				return false
			}
			if fresh == nil {
				fresh = make(map[string]bool)
			}
			fresh[in.Addr] = true
		}
	}
	if len(fresh) == 0 {
		return true
	}
	for i := range set {
		if m := p.known(&set[i], i); m != nil && m.in.Addr == set[i].Addr && fresh[set[i].Addr] {
			return false
		}
	}
	return true
}

// known returns the member of in, which is the i-th of a set, or nil. Sets that
// follow each other are nearly the same, so it looks at the old place first.
func (p *Pool) known(in *sd.Instance, i int) *member {
	for _, k := range [...]int{i, i - 1, i + 1} {
		if k >= 0 && k < len(p.order) && p.order[k].in.ID == in.ID {
			return p.order[k]
		}
	}
	return p.members[in.ID]
}

// same says whether nothing that picks read has changed.
func same(a, b *sd.Instance) bool {
	if a.ID != b.ID || a.Addr != b.Addr || a.Weight != b.Weight || a.Zone != b.Zone || a.Version != b.Version || a.State != b.State {
		return false
	}
	if len(a.Tags) != len(b.Tags) || len(a.Meta) != len(b.Meta) {
		return false
	}
	for i := range a.Tags {
		if a.Tags[i] != b.Tags[i] {
			return false
		}
	}
	for k, v := range a.Meta {
		if w, ok := b.Meta[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// reach sees to it that m is connected to its address, or will be. There
// are among members.
func (p *Pool) reach(ctx context.Context, m *member, among int) {
	switch {
	case m.node != nil && m.node.addr == m.in.Addr:
		m.drop() // to an address it had in between
		m.err = nil
	case m.in.State == sd.Draining:
		m.drop() // it would be for nothing
	case m.dial == nil || m.dial.addr != m.in.Addr:
		m.drop()
		ctx, cancel := context.WithCancel(ctx)
		d := &dial{id: m.in.ID, addr: m.in.Addr, cancel: cancel, joins: len(p.order) > 0, among: among}
		m.dial = d
		p.wg.Go(func() {
			defer cancel()
			p.connect(ctx, d)
		})
	}
}

// publish shows picks the members as they are now, and then lets those go whom
// picks no longer see. p.mu must be held.
func (p *Pool) publish() {
	s := newSnapshot(p.order, p.plain, p.source)
	old := p.snap.Swap(s)
	for _, update := range p.followers {
		update(s)
	}
	close(old.replaced)
	for _, n := range p.leaving {
		p.retire(n)
	}
	p.leaving, p.published = nil, time.Now()
}

// gatherEach is for how long, per instance, a change is kept back so that others
// can join it, in a pool that has just been published. A snapshot of ten thousand
// instances takes half a millisecond: were each of them to publish one as it is
// connected, that would be seconds.
const (
	gatherEach = time.Microsecond
	gatherFrom = 256 // fewer instances than that are published at once
)

// publishSoon is publish for the n-th of many connections. p.mu must be held.
func (p *Pool) publishSoon() {
	gather := time.Duration(len(p.order)) * gatherEach
	if len(p.order) < gatherFrom || time.Since(p.published) > gather {
		p.publish()
		return
	}
	if p.gathering {
		return
	}
	p.gathering = true
	p.wg.Go(func() {
		timer := time.NewTimer(gather)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.done:
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.gathering = false
		if !p.shut {
			p.publish()
		}
	})
}
