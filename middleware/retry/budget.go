package retry

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kitgen/kitgen/internal/hedging"
)

// ErrBudget is matched by the error of a call that was not tried again because
// the budget was empty.
var ErrBudget = errors.New("the retry budget is empty")

// BudgetConfig says how many further attempts calls may have together. The zero
// value is good.
type BudgetConfig struct {
	Ratio     float64 // of the calls in the last 10 s; 0.2 if zero, none if negative
	PerSecond float64 // and so many more, for those who call rarely; 10 if zero, none if negative
}

// Validate returns an error that names the first field that makes no sense.
func (c BudgetConfig) Validate() error {
	switch {
	case math.IsNaN(c.Ratio), math.IsInf(c.Ratio, 1):
		return fmt.Errorf("retry: BudgetConfig.Ratio is %v: want a share such as 0.2, 0 for that, or less for none; for no bound set Config.Unbounded", c.Ratio)
	case math.IsNaN(c.PerSecond), math.IsInf(c.PerSecond, 1):
		return fmt.Errorf("retry: BudgetConfig.PerSecond is %v: want a number such as 10, 0 for that, or less for none; for no bound set Config.Unbounded", c.PerSecond)
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
	share hedging.Share
	start time.Time
}

// NewBudget returns a budget. A cfg that Validate rejects is a mistake in the
// program, and NewBudget panics with Validate's error.
func NewBudget(cfg BudgetConfig) *Budget {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return &Budget{start: time.Now(), share: hedging.Share{
		Ratio:     max(cmp.Or(cfg.Ratio, 0.2), 0),
		PerSecond: max(cmp.Or(cfg.PerSecond, 10), 0),
	}}
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
	calls, retries, allowed := b.share.Stats(time.Since(b.start))
	return Stats{calls, retries, allowed}
}

// deposit counts a call that begins now.
func (b *Budget) deposit(now time.Time) {
	if b != nil {
		b.share.Deposit(now.Sub(b.start))
	}
}

// withdraw takes one further attempt at now, if there is one.
func (b *Budget) withdraw(now time.Time) bool {
	return b == nil || b.share.Withdraw(now.Sub(b.start))
}

// giveBack undoes a withdraw at then, of an attempt that was not made.
func (b *Budget) giveBack(then time.Time) {
	if b != nil {
		b.share.GiveBack(then.Sub(b.start))
	}
}

// empty reports whether an attempt was refused a moment ago.
func (b *Budget) empty(now time.Time) bool {
	return b != nil && b.share.Empty(now.Sub(b.start))
}
