package lb

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// SlowStartConfig configures the slow start of instances that are new, so that
// caches, pools and compilers are warm before the calls come. For Window after
// it was connected, an instance gets the share
//
//	max(Floor, (age/Window)^(1/Aggression))
//
// of the picks it would get otherwise, as in Envoy; the others are made anew,
// as if it were not there. So it works with every balancer, also with those
// that go by a key: a key moves to the new instance once, and stays. Calls
// through Pool.Endpoints, that go-kit's balancers pick, are not held back.
//
// New is who joins a pool that has instances, or returns at another address, or
// after an ejection. Whoever joins an empty pool is not: it is the client that
// is new then. Nor is an instance that says it started a Window ago
// (sd.MetaStarted). An instance is never passed over where it is the only one
// that could be picked.
type SlowStartConfig struct {
	Window     time.Duration // how long it takes; no slow start if zero or negative
	Floor      float64       // the least share; 0.1 if it is not in (0, 1]
	Aggression float64       // 1, in proportion to the age, if it is not positive; above 1, the share grows fast at first; below, fast at last
}

func (c SlowStartConfig) withDefaults() SlowStartConfig {
	c.Window = max(c.Window, 0)
	if !(c.Floor > 0 && c.Floor <= 1) {
		c.Floor = 0.1
	}
	if !(c.Aggression > 0) || math.IsInf(c.Aggression, 1) {
		c.Aggression = 1
	}
	return c
}

// share returns the share of picks for an age.
func (c *SlowStartConfig) share(age int64) float64 {
	if age >= int64(c.Window) {
		return 1
	}
	t := float64(max(age, 0)) / float64(c.Window)
	return max(c.Floor, math.Pow(t, 1/c.Aggression))
}

// warmth is how far a node's slow start is. Pools without slow start have none.
type warmth struct {
	born  atomic.Int64  // as Pool.now
	share atomic.Uint64 // of its picks, in 1/2^32
	salt  uint64        // so that nodes are not passed over together
}

// warmUp begins the node's slow start, if the pool has any.
func (n *node) warmUp(born int64) {
	if n.warmth != nil {
		n.warmth.born.Store(born)
		n.barred.Or(warming)
		n.warm(n.pool.now())
	}
}

// welcome begins the slow start of a node that has just been connected, unless
// in has been running for long.
func (n *node) welcome(in *sd.Instance) {
	if n.warmth == nil {
		return
	}
	now, age := n.pool.now(), int64(0)
	if started := in.Started(); !started.IsZero() && n.pool.cfg.Virtual == nil {
		age = max(int64(time.Since(started)), 0) // by two clocks: it may be in the future
	}
	n.warmUp(now - min(age, int64(n.pool.cfg.SlowStart.Window)))
}

// warm brings the share up to date, and ends the slow start.
func (n *node) warm(now int64) {
	share := n.pool.cfg.SlowStart.share(now - n.warmth.born.Load())
	n.warmth.share.Store(uint64(share * (1 << 32)))
	if share >= 1 {
		n.barred.And(^warming)
	}
}

// tooCold says, by luck, whether a pick should pass over a node that is in slow
// start. The same luck gives the same answer: a pick may ask more than once.
func (n *node) tooCold(luck uint64) bool {
	if luck == 0 || n.warmth == nil {
		return false
	}
	d := dice{luck ^ n.warmth.salt}
	return d.roll()>>32 >= n.warmth.share.Load()
}

// luck returns what a pick's passing over depends on: its key, if it has one.
// It is 0 if nobody is passed over.
func (p *Pool) luck(w *want) uint64 {
	switch {
	case p.cfg.SlowStart.Window <= 0:
		return 0
	case w.keyed:
		return w.key | 1
	}
	d := p.dice()
	return d.roll() | 1
}
