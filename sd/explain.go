package sd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Explanation says, of every instance that an Instancer knows or lately knew,
// whether it is in the set and why. Printed, it is a table.
type Explanation struct {
	At     time.Time
	Source SourceState
	Err    error  // why the source is not Fresh; nil if it is
	Fates  []Fate // the present by ID, then those removed of late, the latest first
}

// Fate is what became of one instance.
type Fate struct {
	Instance Instance  // as last known; of an entry that was never usable, the ID alone
	In       bool      // it is in the set
	Why      string    // one sentence
	Since    time.Time // since when that holds
}

// Explain says why each instance is in the set or not: listed, draining, held
// and until when, sharing an address, unreadable, removed. It costs as much as
// a change of the set; it is for people and incident scripts, not for calls.
func (i *Instancer) Explain() Explanation {
	i.curator.mu.Lock()
	defer i.curator.mu.Unlock()
	return i.curator.explain(time.Now())
}

// explain needs c.mu.
func (c *curator) explain(now time.Time) Explanation {
	e := Explanation{At: now, Source: c.state.Source(), Err: c.state.Err}
	shown := make(map[string]string, len(c.state.Instances)) // address → ID
	for i := range c.state.Instances {
		shown[c.state.Instances[i].Addr] = c.state.Instances[i].ID
	}
	known := make(map[string]bool, len(c.policy.members))
	for i := range c.policy.members {
		m := &c.policy.members[i]
		known[m.in.ID] = true
		f := Fate{Instance: m.in, In: shown[m.in.Addr] == m.in.ID, Since: m.since, Why: c.why(m, now)}
		if !m.gone.IsZero() {
			f.Since = m.gone
		}
		if !f.In {
			f.Why = fmt.Sprintf("left out: %s has the same address and is preferred", quote(shown[m.in.Addr]))
		}
		e.Fates = append(e.Fates, f)
	}
	if c.state.Source() == Restored {
		for _, in := range c.state.Instances {
			e.Fates = append(e.Fates, Fate{Instance: in, In: true, Since: c.state.Saved, Why: "an earlier run knew it, and the registry has not answered yet"})
		}
	}
	for id, f := range c.faults {
		if !known[id] {
			e.Fates = append(e.Fates, Fate{Instance: Instance{ID: withoutUser(id)}, Since: f.since, Why: "left out: " + f.text})
		}
	}
	slices.SortFunc(e.Fates, func(a, b Fate) int { return cmp.Compare(a.Instance.ID, b.Instance.ID) })
	for _, r := range slices.Backward(c.policy.removed) {
		if !known[r.in.ID] {
			known[r.in.ID] = true
			e.Fates = append(e.Fates, Fate{Instance: r.in, Since: r.at, Why: "removed: " + r.why})
		}
	}
	return e
}

// why says on what grounds m is a member.
func (c *curator) why(m *member, now time.Time) string {
	f, garbled := c.faults[m.in.ID]
	due, known := c.policy.due(m)
	switch {
	case !m.gone.IsZero() && !known:
		return "the registry lost it, and does not answer now, so nothing is believed"
	case !m.gone.IsZero() && m.held:
		return fmt.Sprintf("held: the registry lost it among many; believed in %s unless it comes back or refuses its callers", due.Sub(now).Round(time.Second))
	case !m.gone.IsZero():
		return fmt.Sprintf("the registry no longer lists it; believed in %s", max(due.Sub(now), 0).Round(time.Millisecond))
	case garbled:
		return "listed, but its entry cannot be used any more, so the last good one stands: " + f.text
	case m.in.State == Draining:
		return "listed as draining: it takes no new call and is about to leave"
	case m.in.State == Critical:
		return "listed as critical: it takes no call while others can"
	}
	return "listed"
}

// String is a table, one line per instance.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "source %s", e.Source)
	if e.Err != nil {
		fmt.Fprintf(&b, " (%v)", e.Err)
	}
	b.WriteByte('\n')
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range e.Fates {
		in := "out"
		if f.In {
			in = "in"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", in, oneLine(f.Instance.ID), oneLine(f.Instance.Addr), e.At.Sub(f.Since).Round(time.Second), f.Why)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// oneLine keeps what a registry said from breaking a line or a column.
func oneLine(s string) string {
	if printable(s) && len(s) <= 128 {
		return s
	}
	return quote(s)
}
