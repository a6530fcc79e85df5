package demo

import (
	"maps"
	"slices"
	"time"
)

// sample is one line that the load process prints: everything so far.
type sample struct {
	Ms      float64      `json:"ms"` // since the load began
	Calls   int          `json:"calls"`
	Failed  int          `json:"failed"`
	Retries int          `json:"retries"`
	P50     float64      `json:"p50_ms"`
	P99     float64      `json:"p99_ms"`
	Nodes   []nodeSample `json:"nodes"`
	Error   string       `json:"error"` // of the last call that failed
	Done    bool         `json:"done"`
}

// nodeSample is one instance as the client's pools see it.
type nodeSample struct {
	Addr     string `json:"addr"`
	Attempts int    `json:"attempts"` // sent to it so far
	InFlight int    `json:"in_flight"`
}

// history is the run as it was seen, oldest first. It keeps the highest count
// of every address, because an instance that left takes its counters along.
type history struct {
	samples []point
	last    sample
}

// point is one moment: attempts so far by address.
type point struct {
	at       time.Duration
	attempts map[string]int
}

func (h *history) add(s sample) {
	counts := map[string]int{}
	if n := len(h.samples); n > 0 {
		maps.Copy(counts, h.samples[n-1].attempts)
	}
	for _, n := range s.Nodes {
		counts[n.Addr] = max(counts[n.Addr], n.Attempts)
	}
	h.samples = append(h.samples, point{at: msDuration(s.Ms), attempts: counts})
	h.last = s
}

func msDuration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// attempts is how many attempts reached addrs between two moments of the run.
func (h *history) attempts(addrs []string, from, to time.Duration) int {
	return h.total(addrs, to) - h.total(addrs, from)
}

// total is how many attempts had reached addrs, or anybody if it is nil, at
// that moment.
func (h *history) total(addrs []string, at time.Duration) int {
	i, found := slices.BinarySearchFunc(h.samples, at, func(p point, at time.Duration) int { return int(p.at - at) })
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	sum := 0
	for addr, n := range h.samples[i].attempts {
		if addrs == nil || slices.Contains(addrs, addr) {
			sum += n
		}
	}
	return sum
}

// window is how long the traffic to a replica is watched before it counts as
// moved away, and share how little of its fair part may be left in it.
const (
	window = 250 * time.Millisecond
	share  = 0.1
)

// movedAway is the first moment from which addrs, one replica of n, got less
// than a tenth of its fair share for a whole window.
func (h *history) movedAway(addrs []string, n int, from time.Duration) (at time.Duration, ok bool) {
	for _, p := range h.samples {
		if p.at < from {
			continue
		}
		all := h.attempts(nil, p.at, p.at+window)
		if all > 0 && float64(h.attempts(addrs, p.at, p.at+window)) <= share*float64(all)/float64(n) {
			return p.at, true
		}
	}
	return 0, false
}

// firstAttempt is when addrs first got an attempt after from; ok is false if
// they never did.
func (h *history) firstAttempt(addrs []string, from time.Duration) (at time.Duration, ok bool) {
	before := h.total(addrs, from)
	for _, p := range h.samples {
		if p.at > from && h.total(addrs, p.at) > before {
			return p.at, true
		}
	}
	return 0, false
}
