package peers

import (
	"math"
	"testing"
	"time"
)

func TestPeakEWMA(t *testing.T) {
	t.Parallel()
	var w world
	b := newPeakEWMA(w.env(2), 0, 0)
	n := &b.nodes[0]
	n.inflight = 1
	if got := n.cost(w.now()); got != peakUnknown+1 {
		t.Errorf("cost of an unknown server with one call: %v", got)
	}
	b.end(w.ended(0, 100*time.Millisecond, false))
	if got := n.cost(w.now()); got != 100e6 {
		t.Errorf("cost after one call of 100 ms: %v ns", got)
	}

	// Reading alone lets it sink: to 1/e in 10 s.
	w.run(10 * time.Second)
	n.inflight = 2
	if got, want := n.cost(w.now()), 3*100e6/math.E; math.Abs(got-want) > 1 {
		t.Errorf("cost of two calls after 10 s: %v, want %v", got, want)
	}

	// A slower call replaces it at once, a faster one lowers it a little.
	b.end(w.ended(0, 200*time.Millisecond, false))
	w.run(time.Second)
	b.end(w.ended(0, 100*time.Millisecond, false))
	old := math.Exp(-.1)
	if want := 200e6*old + 100e6*(1-old); math.Abs(n.latency-want) > 1 {
		t.Errorf("latency %v, want %v", n.latency, want)
	}
}

// TestPeakEWMADrawsDifferent: of two servers the better one is always picked.
func TestPeakEWMADrawsDifferent(t *testing.T) {
	t.Parallel()
	var w world
	b := newPeakEWMA(w.env(2), time.Millisecond, 0)
	b.nodes[0].inflight = 1 << 40
	if counts := picks(b, 2, 1000); counts[0] != 0 {
		t.Errorf("the full server of two was picked %d times", counts[0])
	}
}

func TestLinkerdPenalty(t *testing.T) {
	t.Parallel()
	var w world
	plain, penal := newLinkerd(w.env(1)).(*peakEWMA), newLinkerdPenalty(w.env(1)).(*peakEWMA)
	if got := plain.nodes[0].cost(w.now()); got != 30e6 {
		t.Errorf("an unknown server is expected to take %v ns", got)
	}
	if got := penal.nodes[0].cost(w.now()); got != 1e9 {
		t.Errorf("with penalties, an unknown server is expected to take %v ns", got)
	}
	plain.end(w.ended(0, time.Millisecond, true))
	penal.end(w.ended(0, time.Millisecond, true))
	if got := plain.nodes[0].latency; got != 30e6 {
		t.Errorf("a failure in 1 ms made 30 ms %v ns", got)
	}
	if got := penal.nodes[0].latency; got != 5e9 {
		t.Errorf("with penalties, a failure counts as %v ns", got)
	}
	penal.end(w.ended(0, 7*time.Second, false))
	penal.end(w.ended(0, time.Millisecond, true))
	if got := penal.nodes[0].latency; got != 7e9 {
		t.Errorf("a failure must not lower 7 s: %v ns", got)
	}
}

func TestGoZeroLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		node goZeroNode
		want int64
	}{
		{goZeroNode{}, 1},            // a new one is preferred to all
		{goZeroNode{inflight: 3}, 4}, //
		{goZeroNode{lag: 10 * time.Millisecond, inflight: 1}, 2 * 3162}, // √(1e7+1) = 3162.27…
	} {
		if got := c.node.load(); got != c.want {
			t.Errorf("load of %+v is %d, want %d", c.node, got, c.want)
		}
	}
}

func TestGoZeroForcesAPick(t *testing.T) {
	t.Parallel()
	var w world
	b := newGoZeroP2C(w.env(2)).(*goZeroP2C)
	b.nodes[0].lag, b.nodes[1].lag = time.Millisecond, time.Second
	b.nodes[0].pick, b.nodes[1].pick = w.now(), w.now()
	w.run(time.Second)
	if i := b.pick(w.now()); i != 0 {
		t.Error("picks the slow server when it is not due yet")
	}
	w.run(1)
	if i := b.pick(w.now()); i != 1 {
		t.Error("does not pick the slow server after more than a second without")
	}
	if i := b.pick(w.now()); i != 0 {
		t.Error("forces a second pick at once")
	}
}

// TestGoZeroDrawsAgain while one of the two fails, up to three times: with one
// of three failing, a draw avoids it once in three.
func TestGoZeroDrawsAgain(t *testing.T) {
	t.Parallel()
	var w world
	b := newGoZeroP2C(w.env(3)).(*goZeroP2C)
	failing := 0
	for range 10_000 {
		for i := range b.nodes {
			b.nodes[i] = goZeroNode{success: 1000, lag: time.Second, pick: w.now()}
		}
		b.nodes[2].lag, b.nodes[2].success = 1, goZeroHealthy // fast to fail: wins whenever drawn
		if b.pick(w.now()) == 2 {
			failing++
		}
	}
	near(t, "the failing server", failing, 10_000, 8./27)
}

func TestAveragesOfKratosAndGoZero(t *testing.T) {
	t.Parallel()
	var w world
	zero, kratos := newGoZeroP2C(w.env(1)).(*goZeroP2C), newKratosP2C(w.env(1)).(*kratosP2C)
	both := func(took time.Duration, failed bool) {
		zero.end(w.ended(0, took, failed))
		kratos.end(w.ended(0, took, failed))
	}
	both(10*time.Millisecond, false) // the first counts in full
	w.run(600 * time.Millisecond)
	both(20*time.Millisecond, true)

	for _, c := range []struct {
		name    string
		lag     time.Duration
		success uint64
		tau     float64
	}{
		{"go-zero", zero.nodes[0].lag, zero.nodes[0].success, 10},
		{"kratos", kratos.nodes[0].lag, kratos.nodes[0].success, .6},
	} {
		old := math.Exp(-.6 / c.tau)
		if want := 10e6*old + 20e6*(1-old); math.Abs(float64(c.lag)-want) > 1 {
			t.Errorf("%s: latency %v, want %v ns", c.name, c.lag, want)
		}
		if want := uint64(1000 * old); c.success != want {
			t.Errorf("%s: success %d, want %d", c.name, c.success, want)
		}
	}
}
