package main

import "time"

// bin is what one point of a line stands for.
const bin = 200 * time.Millisecond

// rate is how many calls a second began that are so, bin by bin.
func (r *run) rate(is func(call) bool) []float64 {
	all := r.bins()
	for _, c := range r.calls {
		if i := r.binOf(c.at); i >= 0 && is(c) {
			all[i] += 1 / bin.Seconds()
		}
	}
	return all
}

// attemptRate is the same of attempts.
func (r *run) attemptRate(is func(attempt) bool) []float64 {
	all := r.bins()
	for _, a := range r.attempts {
		if i := r.binOf(a.at); i >= 0 && is(a) {
			all[i] += 1 / bin.Seconds()
		}
	}
	return all
}

// bottomRate is how many calls a second came to the first server.
func (r *run) bottomRate() []float64 {
	all := r.bins()
	for i := range all {
		at := time.Duration(i) * bin
		all[i] = (r.reached(at+bin) - r.reached(at)) / bin.Seconds()
	}
	return all
}

// latency is a quantile of how long patient callers waited, in milliseconds, over
// a window around every bin; what policies here turned away is left out.
func (r *run) latency(q float64, window time.Duration) []float64 {
	all := r.bins()
	for i := range all {
		mid := time.Duration(i)*bin + bin/2
		var took []time.Duration
		for _, c := range r.calls {
			if c.at >= mid-window/2 && c.at < mid+window/2 && !c.hurry && c.ending != rejected {
				took = append(took, c.took)
			}
		}
		all[i] = quantile(took, q)
	}
	return all
}

func (r *run) bins() []float64 { return make([]float64, r.length/bin) }

// binOf is -1 for what is not drawn.
func (r *run) binOf(at time.Duration) int {
	i := int(at / bin)
	if at < 0 || i >= int(r.length/bin) {
		return -1
	}
	return i
}

func patient(c call) bool { return !c.hurry }

func answered(c call) bool { return !c.hurry && c.ending == succeeded }

func lost(c call) bool { return !c.hurry && c.ending != succeeded }

// long are the calls that a slow tail is made of.
func long(c call) bool { return c.took > slowFor/2 }
