package sim

import (
	"context"
	"time"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/internal/hedging"
)

// Hedges are ways to make a call in the scenarios of Hedging, by two balancers of
// package lb: with one attempt; with a second one as middleware/retry makes it, by
// the planner that it uses and with its defaults; and with a second one after a
// delay that was set once, for every call that takes longer. That is kitex's
// backup request (pkg/retry/backup_retryer.go): whatever answers first ends the
// call, an error too, and the other attempt goes on. A delay of 50 ms is about the
// p99 of these scenarios in quiet times. Its circuit breaker, which ends backup
// requests while a tenth of the calls fail, is not there.
func Hedges() (all []Policy) {
	for _, p := range Ours() {
		switch p.Name {
		case "adaptive":
			all = append(all, p, p.hedge("hedge", planned), p.hedge("kitex/10ms", fixed(10*time.Millisecond)), p.hedge("kitex/50ms", fixed(50*time.Millisecond)))
		case "round_robin":
			all = append(all, p, p.hedge("hedge", planned), p.hedge("kitex/50ms", fixed(50*time.Millisecond)))
		}
	}
	return all
}

// hedge is a policy of ours with second attempts.
func (p Policy) hedge(name string, by func() hedger) Policy {
	plain := p.New
	p.Name += "+" + name
	p.New = func(e Env) Caller {
		return &hedged{plain(e).(*shipped), by()} //nolint:forcetypeassert // see Hedges
	}
	return p
}

// hedged is a client whose calls may have a second attempt.
type hedged struct {
	*shipped
	hedger
}

// try starts an attempt. It goes to none of the servers that the attempts before
// it went to.
func (h *hedged) try(ctx *attempt.Context) (server int, done func(failed bool)) {
	return h.w.start(ctx, h.call)
}

// firstTry and nextTry return the contexts of attempts that can be ended.
func firstTry() *attempt.Context {
	return attempt.StartWith(context.Background(), attempt.Options{Left: attempt.Unknown, Ending: true})
}

func nextTry(first *attempt.Context) *attempt.Context {
	return first.NextWith(attempt.Options{Left: attempt.Unknown, Ending: true})
}

// hedger is what one client goes by: a planner, or a delay.
type hedger struct {
	planner *hedging.Planner // nil: by the delay
	delay   time.Duration
}

// planned hedges as the zero retry.HedgeConfig does. The budget that retry has
// besides, a fifth of the calls, is never the smaller one.
func planned() hedger {
	return hedger{planner: &hedging.Planner{
		Percentile: 0.98,
		Floor:      10 * time.Millisecond,
		Share:      hedging.Share{Ratio: 0.03},
	}}
}

func fixed(delay time.Duration) func() hedger {
	return func() hedger { return hedger{delay: delay} }
}

// begin counts a call that begins, and says when its second attempt is due.
func (h *hedger) begin(now int64) (after time.Duration, ok bool) {
	if h.planner == nil {
		return h.delay, true
	}
	return h.planner.Begin(time.Duration(now))
}

// allows says whether a second attempt that is due may start.
func (h *hedger) allows(now int64) bool {
	return h.planner == nil || h.planner.Withdraw(time.Duration(now))
}

// learn takes in that a call succeeded, by whichever attempt: one that lost has
// taken so long too.
func (h *hedger) learn(now, took int64) {
	if h.planner != nil {
		h.planner.Learn(time.Duration(now), time.Duration(took))
	}
}

// won notes that a second attempt won.
func (h *hedger) won(now int64) {
	if h.planner != nil {
		h.planner.Won(time.Duration(now))
	}
}

// patient says whether one attempt's failure leaves the call to the other, and its
// success ends the other.
func (h *hedger) patient() bool { return h.planner != nil }
