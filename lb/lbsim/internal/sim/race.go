package sim

import "github.com/kitgen/kitgen/internal/attempt"

// race is a call that may have two attempts at a time, as in middleware/retry, on
// the simulator's events. The first success ends it. The client forgets the loser
// at that moment; its server works on, unless Scenario.Abort. What fails is not
// tried again.
type race struct {
	w        *world
	client   *hedged
	whole    ticket // lives as long as the race, and has the call's deadline
	began    int64
	works    [2]float64
	attempts [2]struct {
		ticket
		ctx *attempt.Context
	}
	made int // attempts
}

// race begins a call of a client that hedges.
func (w *world) race(h *hedged, works [2]float64) {
	r := &race{w: w, client: h, began: w.now, works: works}
	due, ok := h.begin(w.now)
	r.whole = w.ticket(call{server: -1, race: r})
	w.send(&w.deadlines, int64(w.Timeout), message{call: r.whole})
	switch {
	case !r.run(firstTry()):
		r.end(failed)
	case ok:
		w.after(due, r.second)
	}
}

// run makes an attempt. It is false if there is nobody to call.
func (r *race) run(ctx *attempt.Context) bool {
	to, done := r.client.try(ctx)
	if to < 0 {
		return false
	}
	a := &r.attempts[r.made]
	a.ctx, a.ticket = ctx, r.w.request(call{server: int32(to), done: done, race: r}, r.works[r.made])
	r.made++
	return true
}

// second makes the second attempt, if it is still of use.
func (r *race) second() {
	if r.w.live(r.whole) && r.client.allows(r.w.now) && r.run(nextTry(r.attempts[0].ctx)) {
		r.w.tally.counts(&r.w.tally.extra, r.began)
	}
}

// attempted is told that an attempt has ended, or the whole by its deadline.
func (r *race) attempted(t ticket, how outcome) {
	switch {
	case t == r.whole:
		r.over(how)
	case !r.w.live(r.whole): // nobody waits for this one
	case how == succeeded && r.made == 2 && t == r.attempts[1].ticket:
		r.w.tally.counts(&r.w.tally.won, r.began)
		r.client.won(r.w.now)
		r.end(how)
	case how == succeeded, !r.client.patient(), !r.running():
		r.end(how)
	}
}

func (r *race) running() bool {
	return r.w.live(r.attempts[0].ticket) || r.made == 2 && r.w.live(r.attempts[1].ticket)
}

// end ends the call.
func (r *race) end(how outcome) {
	r.w.release(r.whole)
	if how == succeeded {
		r.client.learn(r.w.now, r.w.now-r.began)
	}
	r.over(how)
}

// over does what is to be done when the call has ended. Attempts that still run
// have failed if its time was up; if they lost they are blamed for nothing.
func (r *race) over(how outcome) {
	r.w.tally.ends(r.began, r.w.now, how)
	if !r.client.patient() {
		return
	}
	for _, a := range r.attempts[:r.made] {
		if !r.w.live(a.ticket) {
			continue
		}
		c := r.w.release(a.ticket)
		r.w.abandon(a.ticket, c.server)
		if how == succeeded {
			a.ctx.End()
		}
		c.done(true)
	}
}
