package lb

import (
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// member is an instance the source knows of. The pool's mu guards it.
type member struct {
	in   *sd.Instance // replaced, never changed: picks read it
	node *node        // nil until it is connected
	dial *dial        // under way; nil if nothing is
	err  error        // why connecting failed last; nil if it did not
	seat slot         // in snapshots, of this node and this in
	seen uint64       // the last Pool.sets that had it
}

// dial is one connecting under way. A dial that is no longer its member's has
// been overtaken, and closes what it made.
type dial struct {
	id    string
	addr  string
	over  chan struct{} // closed once it has been overtaken
	joins bool          // a pool that has instances
	among int           // how many instances there are
	count *int          // Pool.dialing
}

// unmet says whether it is being connected, and that has neither worked nor failed
// before.
func (m *member) unmet() bool { return m.node == nil && m.dial != nil && m.err == nil }

// drop ends the member's dial, if there is one.
func (m *member) drop() {
	if m.dial != nil {
		close(m.dial.over)
		*m.dial.count--
		m.dial = nil
	}
}

// stale notes why the members may be out of date. They stay.
func (p *Pool) stale(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return
	}
	p.source = why
	if !p.between() {
		p.publish()
	}
}

// apply makes members those of set, and keeps the nodes of all that stay. What
// has not changed costs little: a pool may have ten thousand instances, and
// change a hundred times a second. Picks see the change at once, but for an
// instance that has yet to be connected: settle shows them that. It is called from
// a goroutine of the pool's.
func (p *Pool) apply(set []sd.Instance, why error) {
	for i, d := range p.update(set, why) {
		p.wg.Go(func() { p.connect(d) })
		if i%64 == 63 {
			runtime.Gosched() // thousands that are not needed at once would stay in memory
		}
	}
}

// update is apply without connecting. It returns what has to be.
func (p *Pool) update(set []sd.Instance, why error) (dials []*dial) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return nil
	}
	p.source = why
	p.sets++
	order := p.match(set)
	if !tidy(set, order) {
		set = distinct(set)
		order = p.match(set)
	}
	shown := p.snap.Load()
	visible := shown.unmet || len(shown.all) == 0 // somebody may wait; there is a reason to tell, and it may be another one now
	for i, m := range order {
		if m == nil {
			m = new(member)
			order[i], p.members[set[i].ID] = m, m
		}
		m.seen = p.sets
		if m.in != nil && same(m.in, &set[i]) {
			continue
		}
		in := set[i] // a copy, so that one instance does not keep the whole set alive
		m.in = &in
		if m.node != nil {
			m.node.weigh(in.Weight)
			visible = true
		}
		if d := p.reach(m, len(set)); d != nil {
			dials = append(dials, d)
		}
	}
	left := p.order
	p.order = order
	p.forget(left)
	if (visible || len(p.leaving) > 0) && !p.between() {
		p.publish()
	}
	return dials
}

// forget drops those of the members before that the latest set does not have.
func (p *Pool) forget(before []*member) {
	for _, m := range before {
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
}

// between says whether nobody would be left to pick, but somebody is about to be
// connected: who replaces all instances at once finds the old ones called until
// then. It ends when the first of the new is connected, or none can be.
func (p *Pool) between() bool {
	if len(p.snap.Load().all) == 0 {
		return false
	}
	dialing := false
	for _, m := range p.order {
		if m.node != nil && m.in.State != sd.Draining {
			return false
		}
		dialing = dialing || m.dial != nil && m.err == nil
	}
	return dialing
}

// match returns the member of each instance of set, nil for those that are new.
// Sets that follow each other are nearly the same, so it looks where the one
// before was found first.
func (p *Pool) match(set []sd.Instance) []*member {
	order := make([]*member, len(set))
	next := 0
	for i := range set {
		for k := next; k < min(next+2, len(p.order)); k++ {
			if p.order[k].in.ID == set[i].ID {
				order[i], next = p.order[k], k+1
				break
			}
		}
		if order[i] == nil {
			order[i] = p.members[set[i].ID]
		}
	}
	return order
}

// tidy says whether set is sorted by ID and without duplicates, as sets from
// package sd are. It checks the addresses of those that were not there before
// only.
func tidy(set []sd.Instance, before []*member) bool {
	var fresh []string // addresses of those that are new or have moved
	for i := range set {
		if set[i].ID == "" || i > 0 && set[i-1].ID >= set[i].ID {
			return false
		}
		if !before[i].at(set[i].Addr) {
			fresh = append(fresh, canonical(set[i].Addr))
		}
	}
	if len(fresh) == 0 {
		return true
	}
	slices.Sort(fresh)
	for i := range fresh {
		if i > 0 && fresh[i-1] == fresh[i] {
			return false
		}
	}
	low, high := fresh[0], fresh[len(fresh)-1]
	for i := range set {
		addr := canonical(set[i].Addr)
		if addr < low || addr > high || !before[i].at(set[i].Addr) {
			continue
		}
		if _, taken := slices.BinarySearch(fresh, addr); taken {
			return false
		}
	}
	return true
}

// at says whether m, which may be nil, has the address addr.
func (m *member) at(addr string) bool { return m != nil && m.in.Addr == addr }

// same says whether nothing that picks read has changed.
func same(a, b *sd.Instance) bool {
	if a.ID != b.ID || a.Addr != b.Addr || a.Weight != b.Weight || a.Zone != b.Zone || a.Version != b.Version || a.State != b.State {
		return false
	}
	return slices.Equal(a.Tags, b.Tags) && (len(a.Meta) == 0 && len(b.Meta) == 0 || maps.Equal(a.Meta, b.Meta))
}

// reach returns the dial that m needs to be connected to its address, or nil if
// it needs none, or has one. There are among members.
func (p *Pool) reach(m *member, among int) *dial {
	switch {
	case m.node != nil && m.node.addr == m.in.Addr:
		m.drop() // to an address it had in between
		m.err = nil
	case m.in.State == sd.Draining:
		m.drop() // it would be for nothing
	case m.dial == nil || m.dial.addr != m.in.Addr:
		m.drop()
		m.dial = &dial{id: m.in.ID, addr: m.in.Addr, over: make(chan struct{}), joins: len(p.order) > 0, among: among, count: &p.dialing}
		p.dialing++
		return m.dial
	}
	return nil
}

// publish shows picks the members as they are now, and then lets those go whom
// picks no longer see. p.mu must be held.
func (p *Pool) publish() {
	s := newSnapshot(p.order, p.plain, p.source)
	for _, update := range p.followers { // first: who finds the pool ready finds its balancers so
		update(s)
	}
	old := p.snap.Swap(s)
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

// publishSoon is publish for the n-th of many connections. It keeps back what is
// not urgent. p.mu must be held.
func (p *Pool) publishSoon(urgent bool) {
	if p.between() {
		return
	}
	gather := time.Duration(len(p.order)) * gatherEach
	if urgent || len(p.order) < gatherFrom || time.Since(p.published) > gather {
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
