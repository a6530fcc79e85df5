package sd

import (
	"slices"
	"time"
)

// Protection is what an Instancer does when a registry suddenly lists far
// fewer instances than it just did.
type Protection uint8

const (
	// Hold keeps them. A registry that was frozen, restored or wiped forgets
	// instances that run well, all at once, and says so without an error.
	// Held instances stay as they were, and those who call them find out: one
	// that is really gone costs a refused connection, one dropped by mistake
	// its whole capacity.
	//
	// A loss is sudden if more than half of the instances, and two at least,
	// are gone within 30 seconds without having said that they leave, or if
	// none is left. It is believed once a healthy registry that lists anybody
	// has insisted for HoldFor; an empty list is never believed on its own, or
	// only after a day. Before that the data plane decides: a held instance that
	// refuses its callers is dropped at once (Instancer.Unreachable).
	// Leaving by Draining, additions and changes are believed at once, the
	// loss of a few within a quarter of a second, or 30 seconds after an
	// outage, in which registrations may have lapsed.
	Hold Protection = iota
	// Off believes every list. Errors remove nothing even so.
	Off
)

const (
	// lossWindow is the time over which losses add up, and the time that
	// registrars get to come back after an outage.
	lossWindow = 30 * time.Second
	// settle gathers what a registry reports one by one although it happened
	// at once, such as leases that expire together. What is removed barely was
	// dead for a whole TTL by then, so the wait costs nothing.
	settle = 250 * time.Millisecond
	// maxHold ends the hold of the last ones, whom nobody has found gone, once a
	// healthy registry has listed nobody for so long.
	maxHold = 24 * time.Hour
)

// protector is the outage policy: from what was known, a new set and the time
// it derives what to publish. It is a plain state machine without clock, lock
// or goroutine; the zero value with holdFor set protects.
type protector struct {
	off     bool
	holdFor time.Duration

	members  []member // sorted by ID
	crest    crest
	healthy  time.Time // since when the source has answered without failing; zero while it fails
	stocked  time.Time // since when it has also listed somebody who stays
	lapsed   bool      // the source failed after it had once answered
	cautious time.Time // until when no bare removal is believed, after an outage
	removed  obituary  // those who went last, and why

	best map[string]int // address → index of the member to show; scratch of published
}

// member is an instance that is published.
type member struct {
	in    Instance
	since time.Time // when it was first listed, without a break
	gone  time.Time // since when the source no longer lists it; zero while it does
	held  bool      // part of a sudden loss, so that only holdFor ends it
}

// evidence is what is known about those that a set no longer has.
type evidence struct {
	drained map[string]bool // IDs seen Draining between the last set and this one
	garbled map[string]bool // IDs that are listed, with a value that cannot be used
	set     []Instance      // those that it has
	addrs   map[string]bool // their addresses; made when first asked for
}

// lists says whether the set has somebody at addr.
func (ev *evidence) lists(addr string) bool {
	if ev.addrs == nil {
		ev.addrs = make(map[string]bool, len(ev.set))
		for i := range ev.set {
			ev.addrs[ev.set[i].Addr] = true
		}
	}
	return ev.addrs[addr]
}

// update takes the set, sorted by ID without duplicates, that the source
// listed at now.
func (p *protector) update(now time.Time, set []Instance, ev evidence) {
	if p.healthy.IsZero() {
		p.healthy = now
		if p.lapsed {
			p.cautious = now.Add(lossWindow)
		}
	}
	p.merge(now, set, ev)
	present := p.present()
	p.crest.rise(now, present)
	if present == 0 {
		p.stocked = time.Time{}
	} else if p.stocked.IsZero() {
		p.stocked = now
	}
	p.advance(now)
}

// fail says that the source stopped answering. Nothing is removed until it
// answers again, and every wait starts anew then.
func (p *protector) fail() {
	p.lapsed = p.lapsed || !p.healthy.IsZero()
	p.healthy, p.stocked = time.Time{}, time.Time{}
}

// advance removes those whose time has come at now.
func (p *protector) advance(now time.Time) {
	sudden := p.crest.sudden(now, p.present())
	kept := p.members[:0]
	for _, m := range p.members {
		if !m.gone.IsZero() {
			m.held = m.held || sudden
			if due, ok := p.due(&m); ok && !now.Before(due) {
				p.removed.add(now, m.in, lapsedOf(m.held))
				continue
			}
		}
		kept = append(kept, m)
	}
	clear(p.members[len(kept):])
	p.members = kept
}

// next is when advance will have something to do, if the source goes on as it
// does now.
func (p *protector) next() (at time.Time, ok bool) {
	for i := range p.members {
		if p.members[i].gone.IsZero() {
			continue
		}
		if due, is := p.due(&p.members[i]); is && (!ok || due.Before(at)) {
			at, ok = due, true
		}
	}
	return at, ok
}

// due is when the removal of m will be believed; ok is false while only the
// source can tell.
func (p *protector) due(m *member) (at time.Time, ok bool) {
	if m.held && p.stocked.IsZero() {
		return latest(m.gone, p.healthy).Add(maxHold), !p.healthy.IsZero()
	}
	if m.held {
		return latest(m.gone, p.stocked).Add(p.holdFor), true
	}
	return latest(m.gone.Add(settle), p.cautious), !p.healthy.IsZero()
}

// merge walks the members and the set, both sorted, and keeps those that are
// gone but not believed to be.
func (p *protector) merge(now time.Time, set []Instance, ev evidence) {
	ev.set = set
	merged := make([]member, 0, max(len(set), len(p.members)))
	old := p.members
	for _, in := range set {
		since := now
		for len(old) > 0 && old[0].in.ID < in.ID {
			merged = p.keep(merged, &old[0], now, &ev)
			old = old[1:]
		}
		if len(old) > 0 && old[0].in.ID == in.ID {
			p.crest.settleFor(&old[0], in.State)
			if old[0].gone.IsZero() {
				since = old[0].since
			}
			old = old[1:]
		}
		merged = append(merged, member{in: in, since: since})
	}
	for i := range old {
		merged = p.keep(merged, &old[i], now, &ev)
	}
	p.members = merged
}

// keep appends m, which the set lacks, unless its removal is believed at once:
// because it said that it leaves, or because somebody else is registered at its
// address, a new run of the same process, so that nothing is lost.
func (p *protector) keep(merged []member, m *member, now time.Time, ev *evidence) []member {
	if ev.garbled[m.in.ID] {
		m.gone, m.held = time.Time{}, false
		return append(merged, *m) // it is there; what it last said in earnest still stands
	}
	if why := p.believed(m, ev); why != "" {
		p.removed.add(now, m.in, why)
		p.crest.settleFor(m, Draining)
		return merged
	}
	if m.gone.IsZero() {
		m.gone = now
	}
	return append(merged, *m)
}

// believed says why the removal of m needs no second opinion; empty if it does.
func (p *protector) believed(m *member, ev *evidence) string {
	switch {
	case m.in.State == Draining, ev.drained[m.in.ID]:
		return "it said that it leaves, and left"
	case ev.lists(m.in.Addr):
		return "another instance is registered at its address"
	case p.off:
		return "the registry no longer lists it, and protection is off"
	}
	return ""
}

// drop removes those with these IDs whom only the policy keeps: their callers
// have found them gone.
func (p *protector) drop(now time.Time, ids map[string]bool) {
	p.members = slices.DeleteFunc(p.members, func(m member) bool {
		if m.gone.IsZero() || !ids[m.in.ID] {
			return false
		}
		p.removed.add(now, m.in, "the registry no longer lists it, and it refused its callers")
		return true
	})
}

// remember takes in instances that an earlier run knew and the source does not
// list: they are held, as if it had lost them just now.
func (p *protector) remember(now time.Time, set []Instance) {
	p.members = make([]member, 0, len(set))
	for _, in := range set {
		p.members = append(p.members, member{in: in, since: now, gone: now, held: true})
	}
}

// present counts those who are listed and stay.
func (p *protector) present() int {
	n := 0
	for i := range p.members {
		if p.members[i].stays() {
			n++
		}
	}
	return n
}

// doubted counts those whom the source does not list.
func (p *protector) doubted(s Snapshot) (n int) {
	if !s.Synced {
		return len(s.Instances)
	}
	for i := range p.members {
		if !p.members[i].gone.IsZero() {
			n++
		}
	}
	return n
}

func (m *member) stays() bool { return m.gone.IsZero() && m.in.State != Draining }

// published is what callers should see: one instance per address, sorted by
// ID, and how many of them are held.
func (p *protector) published() (set []Instance, held int) {
	if p.best == nil {
		p.best = make(map[string]int, len(p.members))
	}
	best := p.best
	clear(best)
	for i := range p.members {
		m := &p.members[i]
		if j, ok := best[m.in.Addr]; !ok || better(m, &p.members[j]) {
			best[m.in.Addr] = i
		}
	}
	set = make([]Instance, 0, len(best))
	for i := range p.members {
		if m := &p.members[i]; best[m.in.Addr] == i {
			set = append(set, m.in)
			if m.held {
				held++
			}
		}
	}
	return set, held
}

func better(a, b *member) bool {
	if a.gone.IsZero() != b.gone.IsZero() {
		return a.gone.IsZero()
	}
	return prefer(&a.in, &b.in) < 0
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
