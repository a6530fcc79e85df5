package peers

import (
	"testing"
	"time"
)

// TestLeastRequestDrawsWithReplacement: of two servers the better one is picked
// three times in four, not always, since both draws may be of the other.
func TestLeastRequestDrawsWithReplacement(t *testing.T) {
	t.Parallel()
	var w world
	b := &leastRequest{make([]int, 2), w.env(2).Rand}
	better := 0
	for range 10_000 {
		b.inflight[0], b.inflight[1] = 9, 0
		if b.pick(epoch) == 1 {
			better++
		}
	}
	near(t, "the emptier server", better, 10_000, .75)
}

func TestInFlightEnds(t *testing.T) {
	t.Parallel()
	var w world
	env := w.env(3)
	least, active, random := newLeastRequest(env).(*leastRequest), newLeastActive(env).(*leastActive), newHAProxyRandom(env).(*haproxyRandom)
	for range 50 {
		for _, b := range []balancer{least, active, random} {
			b.end(call{server: b.pick(epoch)})
		}
	}
	for _, inflight := range [][]int{least.inflight, active.inflight, random.inflight} {
		for i, n := range inflight {
			if n != 0 {
				t.Errorf("server %d has %d calls in flight after all have ended", i, n)
			}
		}
	}
}

func TestLeastActiveLooksAtAll(t *testing.T) {
	t.Parallel()
	var w world
	b := newLeastActive(w.env(4)).(*leastActive)
	for range 100 {
		copy(b.inflight, []int{3, 2, 1, 2})
		if i := b.pick(epoch); i != 2 {
			t.Fatalf("picked %d with calls in flight [3 2 1 2]", i)
		}
	}
}

// TestLeastActiveBreaksTiesByWeight as dubbo does: with weights 3 and 1, of the
// numbers 1 to 4 two pick the first, one the second, and the last falls through
// to a fair coin: five times in eight, not six.
func TestLeastActiveBreaksTiesByWeight(t *testing.T) {
	t.Parallel()
	var w world
	b := newLeastActive(w.env(2, 3, 1)).(*leastActive)
	first := 0
	for range 10_000 {
		copy(b.inflight, []int{0, 0})
		if b.pick(epoch) == 0 {
			first++
		}
	}
	near(t, "the heavier server", first, 10_000, 5./8)
}

// TestHAProxyDrawsWithReplacement, by weight: the full server is picked if both
// draws are of it, which is once in four with equal weights and four times in
// nine with two thirds of them.
func TestHAProxyDrawsWithReplacement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		weights []int
		chance  float64
	}{{[]int{1, 1}, 1. / 4}, {[]int{2, 1}, 4. / 9}} {
		var w world
		b := newHAProxyRandom(w.env(2, c.weights...)).(*haproxyRandom)
		full := 0
		for range 10_000 {
			b.inflight[0], b.inflight[1] = 9, 0
			if b.pick(epoch) == 0 {
				full++
			}
		}
		near(t, "the full server", full, 10_000, c.chance)
	}
}

func TestHAProxyBreaksTiesByRate(t *testing.T) {
	t.Parallel()
	var w world
	b := newHAProxyRandom(w.env(2)).(*haproxyRandom)
	b.inflight = []int{1, 1}
	b.rate[0].add(epoch)
	if b.better(0, 1, epoch) {
		t.Error("prefers the server that was called more often")
	}
	if !b.better(1, 0, epoch) {
		t.Error("does not prefer the server that was called less often")
	}
	b.inflight[0] = 0
	if !b.better(0, 1, epoch) {
		t.Error("lets the rate decide although one has fewer calls in flight")
	}
}

func TestRateIsOfTheLastSecond(t *testing.T) {
	t.Parallel()
	var r rate
	for range 4 {
		r.add(epoch)
	}
	for _, c := range []struct {
		after time.Duration
		want  float64
	}{{0, 4}, {time.Second, 4}, {1250 * time.Millisecond, 3}, {1500 * time.Millisecond, 2}, {2 * time.Second, 0}, {time.Hour, 0}} {
		if got := r.read(epoch + c.after); got != c.want {
			t.Errorf("after %v: rate %v, want %v", c.after, got, c.want)
		}
	}
}
