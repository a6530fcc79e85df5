package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"time"
)

const (
	failTakes = int64(time.Millisecond) // how long a failing server needs to say so
	never     = int64(math.MaxInt64)
)

// world is one run.
type world struct {
	Scenario
	now   int64
	seq   uint64
	delay int64

	agenda    agenda
	requests  queue[message] // on their way to a server
	answers   queue[message] // on their way back
	quick     queue[message] // failures, likewise
	deadlines queue[message]
	stream    *stream // of calls to come

	calls   []call
	free    []uint32 // slots of calls
	active  int      // calls that have not ended at their client
	servers []*server
	callers []Caller
	central *queue[job]       // before all servers; nil unless the policy is central
	roster  *roster           // who is there, for those who look it up; nil until somebody does
	users   []context.Context // with their keys; nil until somebody hashes
	idlers  []*fiber          // coroutines without a call
	fibers  []*fiber          // all of them

	coin  *rand.Rand // whether a call fails
	chaos *rand.Rand // when faults strike, and how hard
	luck  *rand.Rand // which attempts take longer
	tally
}

// call is one on its client's side, or an attempt of one that may have two.
type call struct {
	gen    uint32 // of this slot; tickets with another are of calls that ended
	server int32
	began  int64
	done   func(failed bool)
	race   *race // what it is an attempt of, or the whole of; nil of calls that have one attempt
}

// ticket names a call, also after its slot was given to another.
type ticket struct{ slot, gen uint32 }

func (w *world) live(t ticket) bool { return w.calls[t.slot].gen == t.gen }

func (w *world) plan(e event) {
	e.seq = w.order()
	w.agenda.push(e)
}

func (w *world) order() uint64 {
	w.seq++
	return w.seq
}

// after calls f when d has passed.
func (w *world) after(d time.Duration, f func()) {
	w.plan(event{at: w.now + max(int64(d), 0), run: f})
}

// send puts a message on its way.
func (w *world) send(way *queue[message], takes int64, m message) {
	m.at, m.seq = w.now+takes, w.order()
	way.push(m)
}

// play runs until every call has ended and no more will come.
func (w *world) play() {
	for w.active > 0 || w.stream.at != never {
		w.step()
	}
}

// step does what is due first.
func (w *world) step() {
	at, seq := w.stream.at, w.stream.seq
	var first *queue[message]
	for _, q := range [...]*queue[message]{&w.requests, &w.answers, &w.quick, &w.deadlines} {
		if q.count > 0 {
			if m := q.front(); m.at < at || m.at == at && m.seq < seq {
				at, seq, first = m.at, m.seq, q
			}
		}
	}
	if len(w.agenda) > 0 {
		if e := &w.agenda[0]; e.at < at || e.at == at && e.seq < seq {
			w.now = e.at
			w.happen(w.agenda.pop())
			return
		}
	}
	w.now = at
	switch first {
	case nil:
		w.begin(w.stream.take(w))
	case &w.requests:
		m := first.pop()
		w.arrive(m)
	case &w.deadlines:
		w.end(first.pop().call, timedOut)
	case &w.quick:
		w.end(first.pop().call, failed)
	default:
		w.end(first.pop().call, succeeded)
	}
}

func (w *world) happen(e event) {
	if e.run != nil {
		e.run()
		return
	}
	e.server.finish(e.worker, e.stamp)
}

// begin makes a call of a client.
func (w *world) begin(client int, work float64) {
	w.tally.begins(w.now)
	works := w.works(work)
	to, done := -1, (func(bool))(nil)
	if w.central == nil {
		if h, ok := w.callers[client].(*hedged); ok {
			w.race(h, works)
			return
		}
		if to, done = w.callers[client].Start(); to < 0 {
			w.tally.ends(w.now, w.now, failed)
			return
		}
	}
	w.request(call{server: int32(to), began: w.now, done: done}, works[0])
}

// request sends a call, or an attempt, to the server that was picked for it.
func (w *world) request(c call, work float64) ticket {
	t := w.ticket(c)
	m := message{call: t, work: work}
	if c.server >= 0 {
		w.tally.picks(w.now, int(c.server))
		m.server = w.servers[c.server]
		m.server.coming++
	}
	w.send(&w.requests, w.delay, m)
	w.send(&w.deadlines, int64(w.Timeout), message{call: t})
	return t
}

// works returns how long a call takes in its first attempt and in its second:
// alike, but for hiccups. Both are drawn for every call, so that all policies meet
// the same.
func (w *world) works(work float64) [2]float64 {
	works := [...]float64{work, work}
	if h := w.Hiccups; h != nil {
		for i := range works {
			if w.luck.Float64() < h.Share {
				works[i] *= h.Factor
			}
		}
	}
	return works
}

// ticket finds a slot for c.
func (w *world) ticket(c call) ticket {
	w.active++
	if len(w.free) == 0 {
		w.calls = append(w.calls, c)
		return ticket{slot: uint32(len(w.calls) - 1)}
	}
	slot := w.free[len(w.free)-1]
	w.free = w.free[:len(w.free)-1]
	c.gen = w.calls[slot].gen
	w.calls[slot] = c
	return ticket{slot, c.gen}
}

// arrive brings a request to its server, or before all of them.
func (w *world) arrive(m message) {
	if m.server != nil {
		m.server.coming--
		m.server.arrive(m.call, m.work)
		return
	}
	w.central.push(job{call: m.call, left: m.work, arrived: w.now})
	w.assign()
}

// end ends a call at its client, unless it has already.
func (w *world) end(t ticket, how outcome) {
	if !w.live(t) {
		return
	}
	c := w.release(t)
	if how == timedOut {
		w.abandon(t, c.server)
	}
	if c.race == nil {
		w.tally.ends(c.began, w.now, how)
	}
	if c.done != nil {
		c.done(how != succeeded)
	}
	if c.race != nil {
		c.race.attempted(t, how)
	}
}

// release frees the slot of a live call, and returns what was in it.
func (w *world) release(t ticket) call {
	c := w.calls[t.slot]
	w.calls[t.slot] = call{gen: c.gen + 1}
	w.free = append(w.free, t.slot)
	w.active--
	return c
}

// abandon sends word to a server that nobody waits for a call any more, if
// servers listen.
func (w *world) abandon(t ticket, server int32) {
	if w.Abort && server >= 0 {
		w.after(w.Delay, func() { w.servers[server].abort(t) })
	}
}
