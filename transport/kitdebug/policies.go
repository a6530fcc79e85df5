package kitdebug

import (
	"math"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/sd"
)

// stack asks middleware.ClientStack.
func (g *gathering) stack(c Client, shown *client, rows *table) {
	stats := c.Stack.Stats()
	p := &policies{Circuits: make(map[string]int)}
	for i := range stats.Circuits {
		s := &stats.Circuits[i]
		r := rows.byID[s.Instance]
		if r == nil && c.Instances == nil && c.Pool == nil {
			r = rows.row(&sd.Instance{ID: s.Instance, Addr: s.Instance})
		}
		if r != nil { // others have gone, and are forgotten soon
			r.Breaker = g.circuit(s)
			p.Circuits[s.State.String()]++
		}
	}
	p.fill(g, &stats)
	shown.Policies = p
	if k, ok := c.Stack.(interface{ String() string }); ok {
		shown.Stack = lines(k.String())
	}
}

// fill takes what the stack has: what it leaves out is zero.
func (p *policies) fill(g *gathering, stats *middleware.ClientStats) {
	p.Budget = &budget{Calls: stats.Budget.Calls, Retries: stats.Budget.Retries}
	if stats.Budget.Allowed != math.MaxInt {
		p.Budget.Allowed = &stats.Budget.Allowed
	}
	if t := stats.Throttle; t.Requests != 0 || t.Chance != 0 {
		p.Throttle = &throttled{t.Requests, t.Accepts, t.Overloads, finite(t.Chance)}
	}
	if b := stats.Bulkhead; b.InFlight != 0 || b.Waiting != 0 {
		p.Bulkhead = &bulkheaded{b.InFlight, b.Waiting}
	}
	if stats.Service.Instance != "" {
		p.Service = g.circuit(&stats.Service)
	}
}

func (g *gathering) circuit(s *breaker.Status) *circuit {
	c := &circuit{
		State: s.State.String(), Since: g.now.Sub(s.Since).Seconds(),
		Opens: s.Opens, Successes: s.Successes, Failures: s.Failures, Slow: s.Slow,
	}
	if !s.Until.IsZero() {
		until := max(0, s.Until.Sub(g.now).Seconds())
		c.Until = &until
	}
	return c
}
