package lb

import (
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// crime is why a node is ejected.
type crime uint32

const (
	innocent crime = iota
	failsInARow
	failsOften
	isSlow
)

func (c crime) String() string {
	return [...]string{"", "failures in a row", "fails more than the others", "slower than the others"}[c&3]
}

// trial is what outlier ejection knows about a node. It is an object of its own,
// of two cache lines, which pools without ejection do not have.
type trial struct {
	row     atomic.Int32 // failures since the last success
	newBad  atomic.Uint32
	newGood atomic.Uint32
	newSlow atomic.Uint32 // of newGood
	until   atomic.Int64  // when the ejection ends, as Pool.now; 0 if there is none
	charge  atomic.Uint32 // the crime it was ejected for last

	// What follows is guarded by outliers.mu.
	fresh     uint32  // failures between the last two judgements
	proved    uint32  // on probation: calls that went well
	failed    uint32  // on probation: calls that did not
	probation bool    // it is back, and has to prove itself
	good      float64 // outcomes, as remembered
	bad       float64
	slow      float64 // of good
	times     int     // ejections in a row
	span      int64   // nanoseconds of the last one
	back      int64   // when it ended
	_         [128 - 96]byte
}

// testify counts what became of a call that took d.
func (n *node) testify(outcome classify.Outcome, d time.Duration, untimed bool) {
	t, slowFrom := n.trial, n.pool.outliers.slowFrom.load()
	switch {
	case outcome.Failed():
		t.newBad.Add(1)
		t.row.Add(1)
	case outcome == classify.Success:
		t.newGood.Add(1)
		if t.row.Load() != 0 {
			t.row.Store(0)
		}
		if slowFrom > 0 && !untimed && float64(d) > slowFrom {
			t.newSlow.Add(1)
		}
	}
}

// takeIn adds the latest outcomes to what is left of older ones.
func (t *trial) takeIn(keep float64) {
	slow := t.newSlow.Swap(0) // first, so that it is never more than good
	good := t.newGood.Swap(0)
	t.fresh = t.newBad.Swap(0)
	t.good = t.good*keep + float64(good)
	t.bad = t.bad*keep + float64(t.fresh)
	t.slow = min(t.slow*keep+float64(slow), t.good)
	if t.probation {
		t.prove(good, t.fresh, slow)
	}
}

// prove counts what happens on probation, and ends it after enough good calls.
func (t *trial) prove(good, bad, slow uint32) {
	if t.why() == isSlow {
		slow = min(slow, good)
		good, bad = good-slow, bad+slow
	}
	t.proved += good
	t.failed += bad
	t.probation = t.proved < proofs || t.relapsed()
}

func (t *trial) out() bool  { return t.until.Load() != 0 }
func (t *trial) why() crime { return crime(t.charge.Load()) }

// badness is by what the worst are found.
func (t *trial) badness() float64 { return (t.bad + 1) / (t.good - t.slow + t.bad + 2) }

const (
	proofs  = 5 // calls that end a probation by going well
	strikes = 2 // calls that end it by going wrong
)

// relapsed says whether the node has failed its probation.
func (t *trial) relapsed() bool { return t.failed >= strikes && 2*t.failed > t.proved }

// eject keeps picks away from the node.
func (n *node) eject(why crime, now int64, cfg *OutlierConfig, p *Pool) {
	t := n.trial
	if now-t.back > t.span && !t.probation {
		t.times = 0 // it had been back for as long as it was away
	}
	t.times++
	span := min(float64(cfg.BaseTime)*float64(t.times), float64(cfg.MaxTime))
	r := p.dice()
	t.span = int64(span * (1 - 0.2*r.fraction()))
	t.charge.Store(uint32(why))
	t.until.Store(max(now+t.span, 1))
	n.barred.Or(ejected)
	p.cfg.Logger.Log("msg", "ejected an outlier", "instance", n.id, "addr", n.addr, "why", why, "for", time.Duration(t.span))
}

// readmit lets picks choose the node again, on probation.
func (n *node) readmit(now int64) {
	t := n.trial
	t.good, t.bad, t.slow = 0, 0, 0
	t.row.Store(0)
	t.proved, t.failed, t.probation = 0, 0, true
	n.release(now)
}

// pardon lets picks choose the node again, and takes its ejection back. A row of
// failures goes on until it has a success.
func (n *node) pardon(now int64) {
	n.trial.times--
	n.release(now)
}

func (n *node) release(now int64) {
	n.trial.back = now
	n.warmUp(now)
	n.trial.until.Store(0)
	n.barred.And(^ejected)
}
