package lb

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	latencyTau = 2 * time.Second  // how fast samples replace the average
	idleTau    = 5 * time.Second  // how fast a latency that is not refreshed is forgotten
	failTau    = 10 * time.Second // how fast failures are
	strikeTau  = 5 * time.Second  // how fast strikes are
	strikesOut = 8                // more of them make no difference
	outlier    = 4                // a sample after a silence counts as no more than so many times the average
	rare       = time.Second      // a gap between samples from which the second is after a silence
	longest    = time.Hour        // longer gaps make no difference
	arrived    = 0.02             // of the mean: a latency so close to it drifts no more
	firstFew   = 16               // samples that weigh as in a plain average
	prior      = 8                // of these, how many are the pool's mean
	failAlpha  = 0.1              // share of one response in the failure average
)

// health is what the outcomes of calls say about a node. The zero value knows
// no latency and no failure. Under contention a sample may be lost, which is
// cheaper than waiting: the next one is a call away.
type health struct {
	samples  atomic.Int32 // how many latency samples there were; counts to firstFew
	latency  atomicFloat  // nanoseconds; 0 if unknown
	silence  atomicFloat  // nanoseconds for which calls in flight have gone without any answer; 0 if that is no longer than usual
	failing  atomicFloat  // share of failures, in [0, 1]
	strikes  atomicFloat  // failures since the last success, of late
	sampled  atomic.Int64 // time of the last latency sample, as Pool.now
	quiet    atomic.Int64 // when a call was first seen in flight; 0 if nobody has looked since the node was idle
	peakedAt atomic.Int64 // time of the last sample of the peak average; 0 if there was none
}

// took adds the latency of a successful call that ended now. A sample counts by
// the time since the one before, so that a burst weighs no more than a single
// call. The first few count alike, beside as many as prior of mean (0: unknown,
// none), so that the very first, good or bad, does not stand for seconds. Nor
// does an outlier after a silence, when a sample weighs much: the one late
// answer of a process that was frozen would keep callers away for a minute, and
// one that has become slow is found out in a few.
func (h *health) took(d time.Duration, now int64, mean float64) {
	gap := now - h.sampled.Swap(now)
	if h.samples.Load() == 0 {
		gap = 0 // the first is like the next few, however long it took to come
	}
	share := shareOf(gap, latencyTau)
	if h.silence.load() != 0 { // it answers
		h.silence.store(0)
	}
	old, k := h.latency.load(), h.samples.Load()
	was := old
	if old == 0 && mean > 0 {
		old, k = mean, prior
		h.samples.Store(prior)
	}
	if k < firstFew {
		share = max(share, 1/float64(1+k))
		h.samples.Add(1)
	}
	x := math.Max(float64(d), 1) // 0 means unknown
	if old > 0 && gap > int64(rare) && k >= firstFew {
		x = min(x, outlier*old)
	}
	h.latency.replace(was, old+share*(x-old))
}

// answered adds one response to the failure average, and counts strikes: how
// often a node has failed since it last did not. The average alone would take
// several failures to tell, and of a hundred clients each has to see them for
// itself.
func (h *health) answered(failed bool) {
	old, strikes := h.failing.load(), h.strikes.load()
	switch {
	case failed:
		h.failing.replace(old, old+failAlpha*(1-old))
		h.strikes.replace(strikes, min(strikes+1, strikesOut))
	case old > 0: // the usual case, old == 0, costs no write
		h.failing.replace(old, old-failAlpha*old)
		h.strikes.replace(strikes, 0)
	}
}

// turnedDown adds a response of a node that has too much to do: it costs as a
// failure does, but is no strike, since the node lives.
func (h *health) turnedDown() {
	old := h.failing.load()
	h.failing.replace(old, old+failAlpha*(1-old))
}

// relax forgets for the time dt: failures fade, and with idle the latency
// drifts to mean (0: unknown, no drift). Not to 0, which would attract everyone
// to a node only because nobody knows it, and not never, which would starve a
// node that was slow once. It drifts by factors, not by differences, or the way
// back from a thousand times the mean would take seven times as long as from
// three times.
func (h *health) relax(dt int64, idle bool, mean float64) {
	if old := h.failing.load(); old > 0 {
		f := toward(old, 0, dt, failTau)
		if f < 1e-6 {
			f = 0
		}
		h.failing.replace(old, f)
	}
	if old := h.strikes.load(); old > 0 {
		h.strikes.replace(old, toward(old, 0, dt, strikeTau))
	}
	// Close to the mean it has arrived: the rest would cost more than it tells.
	if old := h.latency.load(); idle && old > 0 && mean > 0 && math.Abs(old-mean) > arrived*mean {
		h.latency.replace(old, old*math.Pow(mean/old, shareOf(dt, idleTau)))
	}
}

// listen notes at now for how long a node has owed an answer. A process that
// hangs holds its connections and fails nothing until the first call times out;
// what it does not answer tells of it much earlier.
func (h *health) listen(now int64, idle bool) {
	if idle {
		h.silence.store(0)
		return
	}
	since := h.quiet.Load()
	if since == 0 { // when the first of the calls began is not known, but it was before now
		h.quiet.Store(now)
		return
	}
	if silent := float64(now - max(since, h.sampled.Load())); silent > h.latency.load() {
		h.silence.store(silent)
	}
}

// success returns the share of calls that did not fail, of late.
func (h *health) success() float64 { return 1 - h.failing.load() }

// toward moves from to to by the share of the way that dt is worth.
func toward(from, to float64, dt int64, tau time.Duration) float64 {
	return from + shareOf(dt, tau)*(to-from)
}

// shareOf returns what the last dt weigh in an average with time constant tau.
// It is dt/(tau+dt) rather than 1-exp(-dt/tau): a division, no more than 10 %
// apart while dt ≤ tau/2, and always in [0, 1).
func shareOf(dt int64, tau time.Duration) float64 {
	dt = min(max(dt, 0), int64(longest)) // clocks of two calls may be read in either order
	return float64(dt) / float64(int64(tau)+dt)
}

// atomicFloat is a float64 that is read and replaced as one.
type atomicFloat struct{ bits atomic.Uint64 }

func (f *atomicFloat) load() float64   { return math.Float64frombits(f.bits.Load()) }
func (f *atomicFloat) store(v float64) { f.bits.Store(math.Float64bits(v)) }

// replace stores v unless the value is no longer old.
func (f *atomicFloat) replace(old, v float64) {
	f.bits.CompareAndSwap(math.Float64bits(old), math.Float64bits(v))
}

// atomicFloat32 is an atomicFloat of half the size and seven digits, for what many
// read at once.
type atomicFloat32 struct{ bits atomic.Uint32 }

func (f *atomicFloat32) load() float64   { return float64(math.Float32frombits(f.bits.Load())) }
func (f *atomicFloat32) store(v float64) { f.bits.Store(math.Float32bits(float32(v))) }
