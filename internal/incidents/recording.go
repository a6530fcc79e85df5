package main

import (
	"math"
	"slices"
	"sync"
	"time"
)

// ending is how a call ended for its caller.
type ending int

const (
	succeeded ending = iota
	failed           // an error, or no answer in time
	rejected         // by a policy here: it did not reach the service
	left             // the caller gave up, as it meant to
)

// call is one, by when it began.
type call struct {
	at     time.Duration // from the beginning of what is drawn
	took   time.Duration
	hurry  bool
	ending ending
}

// recorder notes what happens, from many goroutines.
type recorder struct {
	zero time.Time // when what is drawn begins; set before there are calls

	mu       sync.Mutex // guards what follows
	calls    []call
	attempts []attempt
}

// attempt is one that left this process.
type attempt struct {
	at    time.Duration
	first bool // it went to the first server
}

func (r *recorder) called(begun time.Time, hurry bool, e ending) {
	took := time.Since(begun)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call{begun.Sub(r.zero), took, hurry, e})
}

func (r *recorder) attempted(first bool) {
	at := time.Since(r.zero)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts = append(r.attempts, attempt{at, first})
}

// run is one run of an incident, once nothing is recorded any more.
type run struct {
	All   numbers `json:"all"`   // of the whole run, but for the warm-up
	Fault numbers `json:"fault"` // of the calls that began during the fault

	// Recovered is how many seconds after the end of the fault 95 % of the calls
	// succeed again, for a second on end; -1 if that was not seen.
	Recovered float64 `json:"recovered_s"`

	length   time.Duration
	calls    []call
	attempts []attempt
	bottom   []sample
	zero     time.Time
}

// numbers are of the calls that began in a part of a run. Those of callers in a
// hurry are only in Left, or in none if they were answered all the same.
type numbers struct {
	Calls     int     `json:"calls"`
	Succeeded int     `json:"succeeded"`
	Failed    int     `json:"failed"`
	Rejected  int     `json:"rejected"`
	Left      int     `json:"left"`
	Attempts  int     `json:"attempts,omitempty"` // that left the client; of a chain not counted
	First     int     `json:"first,omitempty"`    // of these, to the first server
	Bottom    int     `json:"bottom"`             // calls that the first server says it got: of a chain the last service
	P50       float64 `json:"p50_ms"`             // of what succeeded and failed
	P99       float64 `json:"p99_ms"`
	P999      float64 `json:"p999_ms"`
}

// lost is the share of the calls that did not succeed.
func (n numbers) lost() float64 { return 1 - float64(n.Succeeded)/float64(max(n.Calls, 1)) }

// run is what was recorded.
func (r *recorder) run(in incident, bottom []sample) *run {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := &run{length: in.length, calls: r.calls, attempts: r.attempts, bottom: bottom, zero: r.zero}
	done.All = done.numbers(0, in.length)
	done.Fault = done.numbers(in.fault.from, in.fault.to)
	done.Recovered = done.recovered(in.fault.to)
	return done
}

func (r *run) numbers(from, to time.Duration) (n numbers) {
	var took []time.Duration
	for _, c := range r.calls {
		switch {
		case c.at < from || c.at >= to:
			continue
		case c.hurry:
			if c.ending == left {
				n.Left++
			}
			continue
		}
		n.Calls++
		switch c.ending {
		case succeeded:
			n.Succeeded++
		case rejected:
			n.Rejected++
		default:
			n.Failed++
		}
		if c.ending != rejected {
			took = append(took, c.took)
		}
	}
	for _, a := range r.attempts {
		if a.at >= from && a.at < to {
			n.Attempts++
			if a.first {
				n.First++
			}
		}
	}
	n.Bottom = int(math.Round(r.reached(to) - r.reached(from)))
	n.P50, n.P99, n.P999 = quantile(took, 0.5), quantile(took, 0.99), quantile(took, 0.999)
	return n
}

// recovered looks for the first second in which all but one of twenty calls
// succeed.
func (r *run) recovered(end time.Duration) float64 {
	const step = 100 * time.Millisecond
	for from := end; from+time.Second <= r.length; from += step {
		if n := r.numbers(from, from+time.Second); n.Calls > 0 && n.lost() <= 0.05 {
			return (from - end).Seconds()
		}
	}
	return -1
}

// reached is how many calls the first server had got by then, between two of its
// reports as if they had come evenly.
func (r *run) reached(at time.Duration) float64 {
	when := r.zero.Add(at)
	i, _ := slices.BinarySearchFunc(r.bottom, when, func(s sample, t time.Time) int { return s.at.Compare(t) })
	switch {
	case len(r.bottom) == 0:
		return 0
	case i == 0:
		return float64(r.bottom[0].calls)
	case i == len(r.bottom):
		return float64(r.bottom[i-1].calls)
	}
	a, b := r.bottom[i-1], r.bottom[i]
	share := float64(when.Sub(a.at)) / float64(max(b.at.Sub(a.at), 1))
	return float64(a.calls) + share*float64(b.calls-a.calls)
}

// quantile is in milliseconds; 0 of nothing.
func quantile(took []time.Duration, q float64) float64 {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	at := took[min(int(q*float64(len(took))), len(took)-1)]
	return math.Round(float64(at)/float64(10*time.Microsecond)) / 100
}
