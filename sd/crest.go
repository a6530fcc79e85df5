package sd

import "time"

// crest remembers the most instances there were within the last lossWindow.
type crest struct {
	samples []sample // times ascend, counts strictly descend
}

type sample struct {
	at time.Time // when the count was last valid
	n  int
}

// rise notes that n are present at now.
func (c *crest) rise(now time.Time, n int) {
	c.forget(now)
	keep := len(c.samples)
	for keep > 0 && c.samples[keep-1].n <= n {
		keep--
	}
	c.samples = append(c.samples[:keep], sample{at: now, n: n})
}

// forget drops what is older than the window.
func (c *crest) forget(now time.Time) {
	drop := 0
	for drop < len(c.samples)-1 && now.Sub(c.samples[drop+1].at) >= lossWindow {
		drop++
	}
	c.samples = append(c.samples[:0], c.samples[drop:]...)
}

// settleFor lowers the crest by m if it stayed until now and, being in state
// next, no longer does: who says that it leaves is no loss.
func (c *crest) settleFor(m *member, next State) {
	if !m.stays() || next != Draining {
		return
	}
	for i := range c.samples {
		c.samples[i].n--
	}
}

// sudden says whether the fall from the crest to present is one that a healthy
// fleet does not show.
func (c *crest) sudden(now time.Time, present int) bool {
	c.forget(now)
	if len(c.samples) == 0 {
		return false
	}
	lost := c.samples[0].n - present
	return lost > 0 && (present == 0 || lost >= 2 && lost > present)
}
