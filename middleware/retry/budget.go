package retry

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// ErrBudget is matched by the error of a call that was not tried again because
// the budget was empty.
var ErrBudget = errors.New("the retry budget is empty")

const (
	budgetSlots = 10          // of a window
	slotSpan    = time.Second // so that it is ten seconds long
)

// BudgetConfig says how many further attempts calls may have together. The zero
// value is good.
type BudgetConfig struct {
	Ratio     float64 // of the calls in the last 10 s; 0.2 if zero, none if negative
	PerSecond float64 // and so many more, for those who call rarely; 10 if zero, none if negative
}

// Validate returns an error that names the first field that makes no sense.
func (c BudgetConfig) Validate() error {
	switch {
	case math.IsNaN(c.Ratio):
		return fmt.Errorf("retry: BudgetConfig.Ratio is %v: want a share such as 0.2, 0 for that, or less for none", c.Ratio)
	case math.IsNaN(c.PerSecond):
		return fmt.Errorf("retry: BudgetConfig.PerSecond is %v: want a number such as 10, 0 for that, or less for none", c.PerSecond)
	}
	return nil
}

// Budget bounds the further attempts of all calls that share it, retries and
// hedges alike: when a service fails as a whole, trying again only makes it worse.
// It is Finagle's RetryBudget (20 % of the calls of the last 10 s, and 10 per
// second on top), counted in slots of a second instead of by tokens, so that what
// it promises can be read from a graph: in any 10 s there are no more attempts
// than that. Calls that were not sent cost nothing.
//
// It is safe for concurrent use, without locks. Policies share one by their
// Config. A nil Budget bounds nothing.
type Budget struct {
	ratio, reserve float64 // reserve is that of a whole window
	start          time.Time
	dry            atomic.Int64 // the slot in which an attempt was refused last

	calls, retries counter
}

// NewBudget returns a budget. A cfg that Validate rejects is a mistake in the
// program, and NewBudget panics with Validate's error.
func NewBudget(cfg BudgetConfig) *Budget {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return newBudget(max(cmp.Or(cfg.Ratio, 0.2), 0), max(cmp.Or(cfg.PerSecond, 10), 0))
}

func newBudget(ratio, perSecond float64) *Budget {
	b := &Budget{ratio: ratio, reserve: perSecond * budgetSlots * slotSpan.Seconds(), start: time.Now()}
	b.dry.Store(-1)
	return b
}

// Stats is what a Budget has seen in the last ten seconds.
type Stats struct {
	Calls   int // that began
	Retries int // further attempts they had
	Allowed int // how many they may have; the largest int if there is no bound
}

// Stats returns the budget's figures.
func (b *Budget) Stats() Stats {
	if b == nil {
		return Stats{Allowed: math.MaxInt}
	}
	slot := b.slot(time.Now())
	calls := b.calls.sum(slot)
	return Stats{Calls: calls, Retries: b.retries.sum(slot), Allowed: int(b.allows(calls))}
}

// deposit counts a call that begins now.
func (b *Budget) deposit(now time.Time) {
	if b != nil {
		b.calls.add(b.slot(now), 1)
	}
}

// withdraw takes one further attempt, if there is one.
func (b *Budget) withdraw() bool {
	if b == nil {
		return true
	}
	slot := b.slot(time.Now())
	// Counted first and taken back if it was too many: so that of several at a
	// time none is counted on the others' place.
	b.retries.add(slot, 1)
	if float64(b.retries.sum(slot)) <= b.allows(b.calls.sum(slot)) {
		return true
	}
	b.retries.add(slot, -1)
	b.dry.Store(slot)
	return false
}

// giveBack undoes withdraw: the attempt was not sent.
func (b *Budget) giveBack() {
	if b != nil {
		b.retries.add(b.slot(time.Now()), -1)
	}
}

// empty reports whether an attempt was refused a moment ago. It costs one load
// while none was.
func (b *Budget) empty(now time.Time) bool {
	if b == nil {
		return false
	}
	dry := b.dry.Load()
	switch {
	case dry < 0:
		return false
	case dry == b.slot(now):
		return true
	}
	b.dry.CompareAndSwap(dry, -1)
	return false
}

func (b *Budget) allows(calls int) float64 { return b.ratio*float64(calls) + b.reserve }

func (b *Budget) slot(now time.Time) int64 { return max(int64(now.Sub(b.start)/slotSpan), 0) }

// counter counts in slots. One that is not of the last ten is not read, and
// replaced by whoever counts next.
type counter [budgetSlots]atomic.Uint64 // slot<<32 | biased count

const zero = 1 << 31 // a count that is taken back late may go below

func (c *counter) add(slot int64, n int) {
	at := &c[slot%budgetSlots]
	for {
		was := at.Load()
		if int64(was>>32) == slot && was != 0 {
			at.Add(uint64(n))
			return
		}
		if n < 0 || at.CompareAndSwap(was, uint64(slot)<<32|zero+uint64(n)) {
			return
		}
	}
}

func (c *counter) sum(slot int64) int {
	total := 0
	for i := range c {
		v := c[i].Load()
		if age := slot - int64(v>>32); v != 0 && age >= 0 && age < budgetSlots {
			total += int(v&math.MaxUint32) - zero
		}
	}
	return max(total, 0)
}
