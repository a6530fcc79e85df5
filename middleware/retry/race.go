package retry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

// errNoResult is what a second attempt leaves that ended its goroutine.
var errNoResult = errors.New("the attempt ended its goroutine without a result")

// race is a call that may have two attempts at a time. The first runs on the
// caller's goroutine, the second on that of the timer which starts it, so a call
// that is answered in time has no goroutine. Whoever succeeds first cancels the
// other, and the call returns when both have ended: nothing is left behind.
type race struct {
	policy *policy
	call   attempt.First
	first  *attempt.Context
	second atomic.Pointer[attempt.Context] // nil before it starts
	joined bool                            // of the caller's goroutine
	won    atomic.Int32                    // 1 or 2: who is not to be cancelled; 0 while it is open
	ended  sync.WaitGroup                  // the second, if its timer fired; then what follows is written

	ran      bool // whether there was a second
	result   result
	panicked any
}

// hedged makes the first attempt, and a second one if that is slow.
func (p *policy) hedged(ctx context.Context, now time.Time, most int, request any, next endpoint.Endpoint) state {
	start := now.Sub(p.hedge.start)
	delay, ok := p.hedge.Begin(start)
	c := &race{policy: p}
	c.first = c.call.Start(ctx, p.options(now, 1, most))
	if !ok || most < 2 {
		r := p.try(c.first, request, next)
		p.hedge.learn(start, p.hedge.now(), r, false)
		return state{att: c.first, last: r, made: 1, most: most}
	}
	c.ended.Add(1)
	timer := time.AfterFunc(delay, func() { c.runSecond(most, request, next) })
	defer func() { // if the first panics, or ends the goroutine
		if !c.joined {
			c.won.CompareAndSwap(0, 1)
			c.join(timer)
		}
	}()
	r := p.try(c.first, request, next)
	end := p.hedge.now() // a second that loses may go on for a while
	if r.outcome == classify.Success {
		c.won.CompareAndSwap(0, 1)
	}
	c.join(timer)
	p.hedge.learn(start, end, r, c.won.Load() == 2)
	if c.panicked != nil {
		panic(c.panicked)
	}
	if c.won.Load() == 2 {
		p.hedge.Won(p.hedge.now())
	}
	return c.state(r, most)
}

// join returns when there is no second attempt, or it has ended. It cancels that
// if the first has won.
func (c *race) join(timer *time.Timer) {
	c.joined = true
	if timer.Stop() {
		return
	}
	if second := c.second.Load(); second != nil && c.won.Load() == 1 {
		second.End()
	}
	c.ended.Wait()
}

// runSecond makes the second attempt, if the budgets allow it.
func (c *race) runSecond(most int, request any, next endpoint.Endpoint) {
	defer c.ended.Done()
	defer func() {
		if c.panicked = recover(); c.panicked != nil {
			c.win()
		}
	}()
	p := c.policy
	if c.won.Load() != 0 || !p.hedge.Withdraw(p.hedge.now()) {
		return
	}
	now := time.Now()
	if !p.Budget.withdraw(now) {
		p.hedge.Share.GiveBack(p.hedge.now())
		return
	}
	att := c.first.NextWith(p.options(now, 2, most))
	c.second.Store(att)
	if c.won.Load() != 0 { // either await saw att, or this sees who won
		att.End()
		return
	}
	c.ran, c.result = true, result{err: errNoResult, outcome: classify.Failure}
	p.OnRetry(att, 2, ErrSlow)
	if c.result = p.try(att, request, next); c.result.outcome == classify.Success {
		c.win()
	}
}

// win cancels the first attempt, unless that has won.
func (c *race) win() {
	if c.won.CompareAndSwap(0, 2) {
		c.first.End()
	}
}

// state is how far the call has come when both attempts have ended, the first one
// with r.
func (c *race) state(r result, most int) state {
	if !c.ran {
		return state{att: c.first, last: r, made: 1, most: most}
	}
	s := state{att: c.second.Load(), last: c.result, made: 2, most: most}
	switch won := c.won.Load(); {
	case won == 1:
		s.last = r
	case won == 0 && never(r.err): // whichever server says so
		s.last, s.other = r, &c.result
	case won == 0:
		c.first.End() // its response, if it has one, is not returned
		first := r
		s.other = &first
	}
	return s
}
