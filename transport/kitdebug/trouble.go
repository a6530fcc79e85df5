package kitdebug

import (
	"maps"
	"slices"

	"github.com/kitgen/kitgen/middleware/breaker"
)

// clientTroubles says what of a client somebody on call wants to know first.
func (g *gathering) clientTroubles(c *client, all []*instance) {
	if c.Source != nil {
		g.sourceTroubles(c.Name, c.Source)
	}
	if c.Pool != nil {
		g.poolTroubles(c, all)
	}
	if c.Policies != nil {
		g.policyTroubles(c.Name, c.Policies)
	}
}

func (g *gathering) sourceTroubles(name string, s *source) {
	switch {
	case s.Error != "" && s.Age != nil:
		g.trouble("%s: the source of instances is %s for %s: %s", name, s.State, span(*s.Age), s.Error)
	case s.Error != "":
		g.trouble("%s: the source of instances is %s: %s", name, s.State, s.Error)
	}
	if s.Held != nil && *s.Held > 0 {
		g.trouble("%s: %d of %d instances are there only because a sudden loss is not believed yet", name, *s.Held, s.Instances)
	}
}

func (g *gathering) policyTroubles(name string, p *policies) {
	if b := p.Budget; b.Allowed != nil && b.Retries >= *b.Allowed && b.Retries > 0 {
		g.trouble("%s: the budget for retries is used up: %d of %d for %d calls", name, b.Retries, *b.Allowed, b.Calls)
	}
	if t := p.Throttle; t != nil && t.Chance > 0 {
		g.trouble("%s: the throttle turns away %.0f %% of the calls", name, 100*t.Chance)
	}
	if s := p.Service; s != nil && s.State != breaker.Closed.String() {
		g.trouble("%s: the circuit of the whole service is %s", name, s.State)
	}
}

func (g *gathering) poolTroubles(c *client, all []*instance) {
	nodes := 0
	for _, n := range c.Pool.States {
		nodes += n
	}
	usable := c.Pool.usable()
	switch {
	case nodes == 0:
		g.trouble("%s: no instance is known, so that every call fails", c.Name)
	case usable == 0:
		g.trouble("%s: none of %d instances is usable", c.Name, nodes)
	}
	if c.Pool.Panicking {
		g.trouble("%s: too few instances are usable, so that all are called, past their guards", c.Name)
	}
	for _, state := range slices.Sorted(maps.Keys(c.Pool.States)) {
		switch n := c.Pool.States[state]; state {
		case ejected, guarded, critical, unreachable:
			g.trouble("%s: %d of %d instances %s%s", c.Name, n, nodes, state, example(all, state))
		}
	}
}

// example is the first instance that is in a state, and why.
func example(all []*instance, state string) string {
	for _, in := range all {
		if in.State != state || in.Node == nil {
			continue
		}
		why := ""
		switch {
		case in.Node.EjectedFor != "":
			why = " (" + in.Node.EjectedFor + ")"
		case in.Breaker != nil && in.Breaker.State != breaker.Closed.String():
			why = " (circuit " + in.Breaker.State + ")"
		case in.Node.Error != "":
			why = " (" + in.Node.Error + ")"
		}
		return ", such as " + short(in.ID) + why
	}
	return ""
}
