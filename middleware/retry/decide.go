package retry

import (
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Reasons to stop. errFinal is about the call itself, whose error says it all; the
// others become Error.Reason.
var (
	errFinal = errors.New("not to be made again")
	errAbove = errors.New("the services above have no attempt left")
)

// mayRetry returns nil if a call that came to r at now may have another attempt, and
// how long the server wants to be left alone before it. The attempt is paid for, if
// it costs anything.
func (p *policy) mayRetry(now time.Time, r result, s state) (after time.Duration, why error) {
	pushback, told := classify.Pushback(r.err)
	if told && pushback >= 0 && classify.Rejected(r.err) {
		told = false // no server said so: another instance may take it now
	}
	switch {
	case !p.repeatable(r.outcome, told), told && pushback < 0, s.made >= p.Attempts:
		return 0, errFinal
	case s.made >= s.most:
		return 0, errAbove
	case told && pushback > p.MaxPushback:
		return 0, fmt.Errorf("the server wants to be left alone for %v, more than MaxPushback of %v", pushback, p.MaxPushback)
	case costs(r.outcome) && !p.Budget.withdraw(now):
		return 0, ErrBudget
	case !told:
		return 0, nil
	}
	return jittered(pushback, p.MinBackoff), nil
}

// never reports whether err says that the call must not be made again.
func never(err error) bool {
	after, told := classify.Pushback(err)
	return told && after < 0
}

// costs reports whether an attempt after that outcome is taken from the budget.
func costs(o classify.Outcome) bool { return o != classify.NotSent }

// repeatable reports whether the call may be made again, if nothing else is in the
// way.
func (p *policy) repeatable(o classify.Outcome, told bool) bool {
	switch o {
	case classify.Throttled:
		return told // it was not carried out
	case classify.Fault:
		return p.Faults
	}
	return o.Retryable(p.Idempotent)
}
