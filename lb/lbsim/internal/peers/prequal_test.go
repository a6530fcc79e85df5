package peers

import (
	"math"
	"testing"
	"time"
)

// ask makes a prequal whose servers say what the test wants.
func ask(w *world, servers int, hot float64) *prequal {
	b := newProber(w.env(servers), hot)
	b.probe = func(server int) (int, time.Duration, bool) { return w.loads[server].RIF, time.Millisecond, true }
	return b
}

func TestPrequalPicksInRange(t *testing.T) {
	t.Parallel()
	for _, servers := range []int{1, 2, 3, 20, 200} {
		var w world
		b := ask(&w, servers, .84)
		for i := range 2000 {
			if s := b.pick(w.now()); s < 0 || s >= servers {
				t.Fatalf("pick %d of %d servers is %d", i, servers, s)
			}
			w.run(time.Duration(i%5) * time.Millisecond)
			if len(b.pool) > prequalPool {
				t.Fatalf("%d probes in the pool", len(b.pool))
			}
		}
		if want := 2000 * min(3, servers); w.messages != want {
			t.Errorf("%d servers: %d probes for 2000 calls, want %d", servers, w.messages, want)
		}
	}
}

func TestPrequalReuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		servers int
		want    float64
	}{
		{20, 1}, {24, 1}, // (1-16/20)·3 - 1 < 0
		{100, 2 / 1.52}, // (1-0.16)·3 - 1 = 1.52
		{48, 2},         // (1-1/3)·3 - 1 = 1
		{1 << 30, 1},    // the divisor is almost 2
	} {
		if got := reuseOf(c.servers); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%d servers: %v, want %v", c.servers, got, c.want)
		}
	}
}

// TestPrequalHotAndCold: the quantile .84 of 1, 2, 3, 9 is 3, so 9 is hot.
func TestPrequalHotAndCold(t *testing.T) {
	t.Parallel()
	var w world
	b := ask(&w, 4, .84)
	ms := time.Millisecond
	b.pool = []probed{
		{server: 0, rif: 9, latency: 1 * ms},
		{server: 1, rif: 3, latency: 5 * ms},
		{server: 2, rif: 1, latency: 8 * ms},
		{server: 3, rif: 2, latency: 6 * ms},
	}
	if got := b.limit(); got != 3 {
		t.Fatalf("limit %d", got)
	}
	if got := b.best(); got != 1 {
		t.Errorf("picks probe %d, want the fastest that is not hot", got)
	}
	b.hot = 0
	if got := b.best(); got != 2 {
		t.Errorf("with all hot, picks probe %d, want the emptiest", got)
	}
}

// TestPrequalKeepsOneOfEach: a full server that was probed often does not make
// itself the rule.
func TestPrequalKeepsOneOfEach(t *testing.T) {
	t.Parallel()
	var w world
	b := ask(&w, 3, .84)
	for _, p := range []probed{{server: 0, rif: 1}, {server: 2, rif: 7}, {server: 2, rif: 8}, {server: 2, rif: 9}, {server: 1, rif: 2}} {
		b.add(p)
	}
	if len(b.pool) != 3 || b.limit() != 2 {
		t.Errorf("limit %d of %v, want 2: of 1, 2 and 9", b.limit(), b.pool)
	}
}

func TestPrequalProbesAgeAndArriveLate(t *testing.T) {
	t.Parallel()
	var w world
	b := ask(&w, 3, .84)
	b.pick(w.now())
	w.run(2*delay - 1)
	if len(b.pool) != 0 {
		t.Fatal("an answer is there before it can be")
	}
	w.run(1)
	if len(b.pool) != 3 {
		t.Fatalf("%d answers", len(b.pool))
	}
	seen := map[int]bool{}
	for _, p := range b.pool {
		seen[p.server] = true
	}
	if len(seen) != 3 {
		t.Errorf("probes went to %d different servers of 3", len(seen))
	}
	w.run(prequalAge + 1)
	b.pick(w.now())
	if len(b.pool) != 0 {
		t.Error("uses answers that are more than a second old")
	}
}

// TestPrequalCountsWhatItSends by the probe it went by.
func TestPrequalCountsWhatItSends(t *testing.T) {
	t.Parallel()
	var w world
	b := ask(&w, 100, .84)
	b.pool = []probed{{server: 7, rif: 4, uses: 2}, {server: 8, rif: 9, uses: 1}}
	if s := b.use(0); s != 7 || b.pool[0].rif != 5 {
		t.Errorf("server %d, in flight %d", s, b.pool[0].rif)
	}
	if b.use(0); len(b.pool) != 1 || b.pool[0].server != 8 {
		t.Errorf("a probe outlives its last use: %v", b.pool)
	}
}

func TestPrequalDropsTheOldestAndTheWorstInTurns(t *testing.T) {
	t.Parallel()
	var w world
	b := ask(&w, 100, .84)
	b.pool = []probed{{server: 0, rif: 1}, {server: 1, rif: 9}, {server: 2, rif: 2}, {server: 3, rif: 2}}
	b.calls = 1
	b.drop()
	if b.pool[0].server != 1 {
		t.Errorf("kept the oldest: %v", b.pool)
	}
	b.calls = 2
	b.drop()
	if b.pool[0].server != 2 {
		t.Errorf("kept the worst: %v", b.pool)
	}
}
