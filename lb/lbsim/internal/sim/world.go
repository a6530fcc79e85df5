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
	tally
}

// call is one on its client's side.
type call struct {
	gen    uint32 // of this slot; tickets with another are of calls that ended
	server int32
	began  int64
	done   func(failed bool)
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
	to, done := -1, (func(bool))(nil)
	if w.central == nil {
		if to, done = w.callers[client].Start(); to < 0 {
			w.tally.ends(w.now, w.now, failed)
			return
		}
		w.tally.picks(w.now, to)
	}
	t := w.ticket(call{server: int32(to), began: w.now, done: done})
	m := message{call: t, work: work}
	if to >= 0 {
		m.server = w.servers[to]
		m.server.coming++
	}
	w.send(&w.requests, w.delay, m)
	w.send(&w.deadlines, int64(w.Timeout), message{call: t})
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
	c := &w.calls[t.slot]
	began, done := c.began, c.done
	c.done = nil
	c.gen++
	w.free = append(w.free, t.slot)
	w.active--
	w.tally.ends(began, w.now, how)
	if done != nil {
		done(how != succeeded)
	}
}
