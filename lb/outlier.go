package lb

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"
)

// OutlierConfig says when an instance is ejected as an outlier: not picked for
// a while, because it does much worse than the others. All of it is relative:
// when everybody fails, nobody is an outlier, and those who were ejected
// return. The zero value is good, at any number of calls: where Envoy and gRPC
// wait for a hundred calls in ten seconds, tests of significance say how many
// it takes.
//
// An instance is ejected when
//
//   - Consecutive calls to it have failed in a row, and more than that if the
//     others fail too: as many as are a row in a billion by chance alone;
//   - its success ratio over Window is below that of the others by more than
//     Margin. The bound is Newcombe's, on the difference of two proportions from
//     Wilson's score intervals, at three standard deviations: with others that
//     do not fail, five failures of ten are enough;
//   - more than half of its successful calls take longer than LatencyFactor times
//     the median of the instances' averages, and longer than it by 5 ms, so that
//     a farther zone is no outlier. It is a sign test by Wilson's interval: ten
//     slow calls in a row are enough.
//
// After BaseTime it comes back on probation: two failures (or two slow calls, if
// it was slow), that are more than a third of its calls, before it has
// had five successes eject it again, for twice, thrice and so on BaseTime, up
// to MaxTime, until it has been back for as long as it was away. Each time is
// shorter by a random part of up to a fifth, so that clients do not return
// together.
//
// It costs a call two comparisons and an atomic addition, and needs neither
// goroutine nor timer: calls, to any instance, drive it.
type OutlierConfig struct {
	Consecutive   int           // failures in a row; 5 if zero, any number if negative
	Margin        float64       // of the success ratios; 0.1 if zero or not a number, no such ejection if negative
	LatencyFactor float64       // of the latencies; 3 if zero or not a number, no such ejection if negative
	Window        time.Duration // how long outcomes are remembered: the time constant of their decay; 10 s if zero or negative
	BaseTime      time.Duration // of the first ejection; 10 s if zero or negative
	MaxTime       time.Duration // of any; 5 min if zero, BaseTime if it is less than that
	MaxEjected    float64       // share of the weight that may be ejected; 0.5 if it is not in (0, 1]. One of two or more may always be, and the last one never
}

func (c OutlierConfig) withDefaults() OutlierConfig {
	if c.Consecutive == 0 {
		c.Consecutive = 5
	}
	if c.Margin == 0 || math.IsNaN(c.Margin) {
		c.Margin = 0.1
	}
	if c.LatencyFactor == 0 || math.IsNaN(c.LatencyFactor) {
		c.LatencyFactor = 3
	}
	if c.Window <= 0 {
		c.Window = 10 * time.Second
	}
	if c.BaseTime <= 0 {
		c.BaseTime = 10 * time.Second
	}
	if c.MaxTime == 0 {
		c.MaxTime = 5 * time.Minute
	}
	c.MaxTime = max(c.MaxTime, c.BaseTime)
	if !(c.MaxEjected > 0 && c.MaxEjected <= 1) {
		c.MaxEjected = 0.5
	}
	return c
}

const (
	judgeEvery = 100 * time.Millisecond
	slowMargin = 5 * time.Millisecond
	sigmas     = 3    // how sure a verdict is
	oddRow     = 1e-9 // how likely a row of failures may be by chance
)

// outliers ejects the outliers of a pool.
type outliers struct {
	cfg      OutlierConfig
	slowFrom atomicFloat // nanoseconds from which a call is slow; 0: none is

	mu        sync.Mutex // guards what follows, and the trials' part
	last      int64      // when judge last ran, as Pool.now
	latencies []float64  // room for a median
	suspects  []suspect  // room
}

type suspect struct {
	*slot
	badness float64
}

// judge ejects and returns whoever is due. It is called by whichever call comes
// first, as relax is, and leaves the work to another that is at it.
func (o *outliers) judge(p *Pool, s *snapshot, now int64) {
	if !o.mu.TryLock() {
		return
	}
	defer o.mu.Unlock()
	dt := now - o.last
	if dt < int64(judgeEvery) {
		return
	}
	o.last = now
	keep := math.Exp(-float64(dt) / float64(o.cfg.Window))
	for i := range s.all {
		n := s.all[i].node
		n.trial.takeIn(keep)
		if end := n.trial.until.Load(); end != 0 && now >= end {
			n.readmit(now)
		}
	}
	c := o.assemble(s)
	c.relieve(now)
	if c.everybodyFails() {
		c.amnesty(s, now)
		return
	}
	o.sentence(p, &c, now)
	o.slowFrom.store(o.slow(s))
}

// sentence ejects whom it must, the worst first, and none if the others would
// be too few.
func (o *outliers) sentence(p *Pool, c *court, now int64) {
	found := o.suspects[:0]
	for i := range c.slots {
		if sl := &c.slots[i]; !sl.node.trial.out() && c.verdict(sl.node) != innocent {
			found = append(found, suspect{sl, sl.node.trial.badness()})
		}
	}
	slices.SortFunc(found, func(a, b suspect) int {
		return cmp.Or(cmp.Compare(b.badness, a.badness), cmp.Compare(a.in.ID, b.in.ID))
	})
	for _, x := range found {
		// Once the worst are gone, the others do better than they seemed to.
		if why := c.verdict(x.node); why != innocent && c.canSpare(x.weight()) {
			c.dismiss(x.slot)
			x.node.eject(why, now, &o.cfg, p)
		}
	}
	clear(found) // nodes that leave must not be kept
	o.suspects = found
}

// slow returns the latency from which a call counts as slow: the lower median,
// so that of two the faster one sets the measure.
func (o *outliers) slow(s *snapshot) float64 {
	known := o.latencies[:0]
	for i := range s.pickable {
		n := s.pickable[i].node
		if l := n.latency.load(); l > 0 && !n.trial.out() {
			known = append(known, l)
		}
	}
	o.latencies = known
	if o.cfg.LatencyFactor < 0 || len(known) < 2 {
		return 0
	}
	slices.Sort(known)
	median := known[(len(known)-1)/2]
	return max(median*o.cfg.LatencyFactor, median+float64(slowMargin))
}
