package kitdebug

import (
	"github.com/kitgen/kitgen/lb"
)

// pool asks lb.Pool.
func (g *gathering) pool(c Client, rows *table) *pool {
	p := &pool{States: make(map[string]int)}
	nodes := c.Pool.Nodes()
	for i := range nodes {
		n := &nodes[i]
		r := rows.row(&n.Instance)
		r.State = stateOf(n)
		p.States[r.State]++
		p.InFlight += n.InFlight
		r.Node = &node{
			Connected: n.Connected, Error: errorText(n.Err), Ready: n.Ready, Leaving: n.Leaving, InFlight: n.InFlight,
			Calls: n.Calls, Failures: n.Failures, Latency: n.Latency.Seconds(), Success: finite(n.Success),
			Ejected: n.Ejected.Seconds(), EjectedFor: printable(n.EjectedFor), SlowStart: finite(n.SlowStart),
		}
	}
	if k, ok := c.Pool.(interface{ Panicking() bool }); ok {
		p.Panicking = k.Panicking()
	}
	return p
}

// usable is how many instances take calls.
func (p *pool) usable() int { return p.States[ready] + p.States[warming] }

// mostCandidates is how many of a pick are listed: some balancers look at all.
const mostCandidates = 10

// picked asks lb.Pool why the latest calls went where they went. What a balancer
// last made of an instance is its cost.
func (g *gathering) picked(c Client, shown *client, rows *table) {
	k, ok := c.Pool.(interface{ Explain() []lb.Pick })
	if !ok {
		return
	}
	picks := k.Explain()
	shown.NoPicks = len(picks) == 0
	for i := range picks { // the latest last
		for j := range picks[i].Candidates {
			candidate := &picks[i].Candidates[j]
			if r := rows.byID[candidate.ID]; r != nil && r.Node != nil && candidate.Excluded == "" {
				r.Node.Cost = known(candidate.Cost)
				shown.MostCost = max(shown.MostCost, finite(candidate.Cost))
			}
		}
	}
	for i := len(picks) - 1; i >= 0 && len(shown.Picks) < g.picks; i-- {
		shown.Picks = append(shown.Picks, pickOf(&picks[i]))
	}
}

func pickOf(t *lb.Pick) pick {
	p := pick{
		At: t.At.Seconds(), Balancer: printable(t.Balancer), Chosen: printable(t.Chosen), Step: t.Step, Of: t.Of,
		Error: errorText(t.Err), More: max(0, len(t.Candidates)-mostCandidates),
	}
	if t.Keyed {
		p.Key = hexadecimal(t.Key)
	}
	for i := range t.Candidates[:len(t.Candidates)-p.More] {
		c := &t.Candidates[i]
		p.Candidates = append(p.Candidates, candidate{
			ID: printable(c.ID), Cost: known(c.Cost), InFlight: c.InFlight, Latency: c.Latency.Seconds(),
			Success: finite(c.Success), Excluded: printable(c.Excluded),
		})
	}
	return p
}
