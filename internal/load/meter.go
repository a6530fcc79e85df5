package load

import (
	"sync/atomic"
	"time"
)

// Meter counts the requests of one server, or of several that share a process,
// and remembers how long they took. The zero Meter is ready. It is safe for
// concurrent use, takes no locks, and its size is fixed (about 8 KB). Do not
// copy it.
type Meter struct {
	inflight atomic.Int64
	levels   [levels]level // by how many were in flight when a request began
}

// Request is one request that is being served. Its methods are for one
// goroutine at a time; exactly one of End and Drop is called, once.
type Request struct {
	meter *Meter
	began time.Time
	at    int // its level
}

// Begin counts a request in flight.
func (m *Meter) Begin() Request {
	others := m.inflight.Add(1) - 1
	return Request{m, time.Now(), levelOf(others)}
}

// End says that the request was answered. Its latency is remembered.
func (r *Request) End() {
	now := time.Now()
	r.meter.levels[r.at].add(now.Sub(r.began), now)
	r.Drop()
}

// Drop says that the request is over, but took a time that says nothing: it
// failed, its caller left, or it was a stream. Only the count changes. A
// server that fails in a millisecond must not look fast.
func (r *Request) Drop() { r.meter.inflight.Add(-1) }

// Report is Meter.Report as if r had ended: its answer is on its way when the
// report goes out.
func (r *Request) Report() Report { return r.meter.report(r.meter.inflight.Load() - 1) }

// Report returns how busy the server is now.
func (m *Meter) Report() Report { return m.report(m.inflight.Load()) }

func (m *Meter) report(inflight int64) Report {
	inflight = max(inflight, 0)
	return Report{int(inflight), m.median(levelOf(inflight), time.Now())}
}
