package lb

import "math"

// court is what the instances that are in service did, all together, to compare
// each of them with the others.
type court struct {
	cfg     *OutlierConfig
	slots   []slot
	serving int     // how many are not ejected
	out     int     // how many are
	inARow  int     // how many of these have failed Consecutive times in a row
	failing float64 // sum of what share of their calls fail now
	good    float64 // outcomes of their calls, as remembered
	bad     float64
	weight  float64 // of all
	away    float64 // weight of the ejected
}

func (o *outliers) assemble(s *snapshot) court {
	c := court{cfg: &o.cfg, slots: s.pickable}
	for i := range c.slots {
		sl := &c.slots[i]
		c.weight += float64(sl.weight())
		if sl.node.trial.out() {
			c.out++
			c.away += float64(sl.weight())
			continue
		}
		c.count(sl.node, 1)
	}
	return c
}

// count adds a node to those that serve, or with sign -1 takes it out.
func (c *court) count(n *node, sign int) {
	f := float64(sign)
	c.serving += sign
	c.failing += f * c.failingNow(n)
	c.good += f * n.trial.good
	c.bad += f * n.trial.bad
	if c.row(n) {
		c.inARow += sign
	}
}

// dismiss takes out a node that is about to be ejected.
func (c *court) dismiss(sl *slot) {
	c.count(sl.node, -1)
	c.out++
	c.away += float64(sl.weight())
}

// relieve lets those who are due first come back while too many are away, which
// happens when others leave.
func (c *court) relieve(now int64) {
	for c.out > 0 && (c.serving == 0 || c.out > 1 && c.away > c.cfg.MaxEjected*c.weight) {
		var first *slot
		for i := range c.slots {
			t := c.slots[i].node.trial
			if t.out() && (first == nil || t.until.Load() < first.node.trial.until.Load()) {
				first = &c.slots[i]
			}
		}
		first.node.readmit(now)
		c.count(first.node, 1)
		c.out--
		c.away -= float64(first.weight())
	}
}

// row says whether the node has failed Consecutive times in a row.
func (c *court) row(n *node) bool {
	return c.cfg.Consecutive > 0 && int(n.trial.row.Load()) >= c.cfg.Consecutive
}

// failingNow is what share of the next calls to the node will fail, as far as is
// known: the average forgets within seconds, a row that goes on does not.
func (c *court) failingNow(n *node) float64 {
	if c.row(n) {
		return 1
	}
	return n.failing.load()
}

// everybodyFails says that there is nobody to compare with.
func (c *court) everybodyFails() bool { return c.serving > 0 && c.inARow == c.serving }

// amnesty lets all come back: those who stayed fail as well.
func (c *court) amnesty(s *snapshot, now int64) {
	for i := range s.all {
		if n := s.all[i].node; n.trial.out() {
			n.pardon(now)
		}
	}
}

// canSpare says whether one of that weight may go.
func (c *court) canSpare(weight int) bool {
	return c.serving > 1 && (c.out == 0 || c.away+float64(weight) <= c.cfg.MaxEjected*c.weight)
}

// verdict says whether, and of what, the node is guilty.
func (c *court) verdict(n *node) crime {
	t := n.trial
	others := float64(c.serving - 1)
	if others < 1 {
		return innocent
	}
	elsewhere := max(c.failing-c.failingNow(n), 0) / others
	good, bad := max(c.good-t.good, 0), max(c.bad-t.bad, 0)
	switch {
	case t.probation && t.relapsed() && elsewhere < 0.5:
		return t.why()
	case c.row(n) && t.fresh > 0 && float64(t.row.Load()) >= longRow(elsewhere):
		return failsInARow
	case c.cfg.Margin > 0 && t.bad >= minBad && surelyBelow(t.good, t.bad, good, bad, c.cfg.Margin):
		return failsOften
	case c.cfg.LatencyFactor > 0 && surelyMost(t.slow, t.good):
		return isSlow
	}
	return innocent
}

// minBad is how many failures it takes at least, in a row or not.
const minBad = 5

// longRow returns the length from which a row of calls, of which each fails with
// chance f, is odd.
func longRow(f float64) float64 {
	switch {
	case f <= 0:
		return 0
	case f >= 1:
		return math.Inf(1)
	}
	return math.Log(oddRow) / math.Log(f)
}
