package demo

import (
	"testing"
	"time"
)

// record plays a run of two replicas, a and b, at 100 attempts a second each,
// in samples of 50 ms. a gets nothing within the gaps, b everything.
func record(length time.Duration, gaps ...[2]time.Duration) *history {
	h := &history{}
	var a, b int
	for at := time.Duration(0); at <= length; at += 50 * time.Millisecond {
		h.add(sample{Ms: ms(at), Calls: a + b, Nodes: []nodeSample{{Addr: "a", Attempts: a}, {Addr: "b", Attempts: b}}})
		gap := false
		for _, g := range gaps {
			gap = gap || at >= g[0] && at < g[1]
		}
		if gap {
			b += 10
		} else {
			a, b = a+5, b+5
		}
	}
	return h
}

func TestMovedAway(t *testing.T) {
	h := record(4*time.Second, [2]time.Duration{time.Second, 2 * time.Second})
	at, ok := h.movedAway([]string{"a"}, 2, 500*time.Millisecond)
	if !ok || at != time.Second {
		t.Errorf("traffic moved away at %v, %v; want 1s", at, ok)
	}
	if at, ok := h.movedAway([]string{"b"}, 2, 0); ok {
		t.Errorf("b never lost its traffic, but movedAway says %v", at)
	}
}

func TestFirstAttempt(t *testing.T) {
	h := record(4*time.Second, [2]time.Duration{0, 3 * time.Second})
	at, ok := h.firstAttempt([]string{"a"}, 100*time.Millisecond)
	if !ok || at != 3050*time.Millisecond {
		t.Errorf("first attempt at %v, %v; want 3.05s, one sample after the gap", at, ok)
	}
	if _, ok := h.firstAttempt([]string{"nobody"}, 0); ok {
		t.Error("an address that was never called got a first attempt")
	}
}

func TestAnInstanceThatLeftKeepsItsCount(t *testing.T) {
	h := &history{}
	h.add(sample{Ms: 0, Nodes: []nodeSample{{Addr: "a", Attempts: 7}}})
	h.add(sample{Ms: 50, Nodes: []nodeSample{{Addr: "b", Attempts: 1}}})
	if got := h.total([]string{"a"}, 50*time.Millisecond); got != 7 {
		t.Errorf("a counts %d attempts after it left, want 7", got)
	}
	if got := h.total(nil, time.Second); got != 8 {
		t.Errorf("all count %d attempts, want 8", got)
	}
}
