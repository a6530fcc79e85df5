package hedging

import (
	"sync/atomic"
	"time"

	"github.com/kitgen/kitgen/internal/latency"
)

// renew is how old a delay may be.
const renew = 100 * time.Millisecond

// As long as second attempts do not win, there are few of them: a twentieth of what
// Share allows, to find out, and five more for each that won. When calls take long
// because of what they ask for, or because all servers are full, a second attempt
// wins nothing, and is work on top where there is too much already: scenarios H3 and
// H4 of lb/lbsim.
const (
	untried = 1. / 20
	gain    = 5
)

// Planner knows when a second attempt is due: Dean and Barroso, "The Tail at
// Scale" (CACM 2013), with the delay measured instead of set. Its exported fields
// must not change once it is used; its methods are safe for concurrent use,
// without locks.
type Planner struct {
	Percentile float64       // of the latency of recent calls, in (0, 1)
	Floor      time.Duration // never sooner than this
	Share      Share         // of the calls that may have a second attempt

	won    counter
	recent latency.Window // first attempts: how long they took, or had taken when they lost
	due    atomic.Int64   // the delay; 0: not known
	dueAt  atomic.Int64   // when it was computed
}

// Begin counts a call that begins, and returns when its second attempt is due. It
// is false while too few calls have been seen.
func (p *Planner) Begin(now time.Duration) (delay time.Duration, ok bool) {
	p.Share.Deposit(now)
	at := p.dueAt.Load()
	if (at == 0 || int64(now)-at > int64(renew)) && p.dueAt.CompareAndSwap(at, max(int64(now), 1)) {
		d, known := p.recent.Quantile(now, p.Percentile)
		if known {
			d = max(d, p.Floor, 1)
		}
		p.due.Store(int64(d))
	}
	d := time.Duration(p.due.Load())
	return d, d > 0
}

// Withdraw takes one of the second attempts that there may be, if there is one.
func (p *Planner) Withdraw(now time.Duration) bool {
	at := slotOf(now)
	all := p.Share.allows(p.Share.calls.sum(at))
	few := max(all*untried, 1) + gain*float64(p.won.sum(at))
	return p.Share.withdraw(at, min(all, few))
}

// Won notes that a second attempt succeeded before the first.
func (p *Planner) Won(now time.Duration) { p.won.add(slotOf(now), 1) }

// Learn takes in that a first attempt, which ended now, took so long. One that
// lost is told too, with what it had taken: that is longer than the delay. Left
// out, every hedge would make the next one come sooner.
func (p *Planner) Learn(now, took time.Duration) { p.recent.Add(now, took) }
