package shed

import (
	"math"
	"time"
)

const (
	weight  = 0.5  // of the latest interval in what is averaged
	least   = 0.25 // of what was done is let in, at least
	halving = 0.5  // of what was let in is let in, at least, while it is not known what can be done
	growth  = 1.1  // per interval, once there is no overload
	telling = 16   // calls that ended say what can be done
	much    = 5    // times MaxWait is no chance
	stale   = 10   // intervals after which what was seen says nothing about now
)

// verdict is what follows from what was seen until now. Rates are per second.
type verdict struct {
	budget float64 // the rate of calls to let in; +Inf: all
	warned bool    // calls waited too long in the interval before

	// Averages, the latest interval for a half:
	cpu   float64 // share in use; 0: unknown
	ended float64 // rate of calls that ended
	came  [priorities]float64
}

// shares returns, for each priority, the share of calls that is let in: the
// budget is for the highest first.
func (v verdict) shares() (keep [priorities]uint64) {
	left := v.budget
	for p := priorities - 1; p >= 0; p-- {
		share := 1.0
		if v.came[p] > left {
			share = left / v.came[p]
		}
		left = max(left-v.came[p], 0)
		keep[p] = uint64(share * everybody)
	}
	return keep
}

// observed is what one interval showed.
type observed struct {
	wait     time.Duration
	admitted float64 // rate of calls let in
}

// follow closes i and returns the interval after it.
func (s *shedder) follow(i *interval, now time.Duration) *interval {
	cpu, cpuKnown := s.CPU()
	var o observed
	var waitKnown bool
	o.wait, waitKnown = s.Wait()
	if now-i.began > stale*s.Interval {
		return s.idle(now) // few came: averages over so long hide what is now
	}
	if q := time.Duration(i.quickest.Load()); q > 0 {
		o.wait, waitKnown = max(o.wait, q-1), true
	}
	seconds := (now - i.began).Seconds()
	v := i.verdict
	v.ended = averaged(v.ended, float64(i.ended.Load())/seconds)
	for p := range v.came {
		v.came[p] = float64(i.came[p].Load()) / seconds
		o.admitted += v.came[p] * float64(i.keep[p]) / everybody
		v.came[p] = max(v.came[p], averaged(i.verdict.came[p], v.came[p])) // more of them is to be believed at once
	}
	v.cpu = 0
	if cpuKnown && cpu >= 0 && !math.IsInf(cpu, 1) { // else it is no share, and would never leave the average
		v.cpu = averaged(i.cpu, cpu)
	}
	v.warned = waitKnown && o.wait > s.MaxWait
	v.budget = s.budget(v, i, o)
	return s.opening(v, now)
}

func averaged(old, latest float64) float64 {
	if old == 0 {
		return latest
	}
	return old + weight*(latest-old)
}

// budget returns the rate of calls to let in.
func (s *shedder) budget(v verdict, i *interval, o observed) float64 {
	shedding := !math.IsInf(i.budget, 1)
	cut := 1.0
	if v.cpu > s.MaxCPU {
		cut = s.MaxCPU / v.cpu
	}
	if v.warned && (i.warned || shedding || o.wait > much*s.MaxWait) {
		// As much less as empties the queue in two intervals. Until it is empty
		// there is work, so this costs no throughput.
		excess := float64(o.wait-s.MaxWait) / float64(2*s.Interval)
		cut = min(cut, max(1-excess, least))
	}
	switch {
	case cut < 1 && i.ended.Load() >= telling:
		return cut * v.ended // what was done is what can be done
	case cut < 1:
		return max(cut*v.ended, halving*o.admitted, 1)
	case !shedding:
		return i.budget
	}
	budget := max(growth*i.budget, v.ended)
	var came float64
	for _, rate := range v.came {
		came += rate
	}
	if budget > growth*came {
		return math.Inf(1)
	}
	return budget
}
