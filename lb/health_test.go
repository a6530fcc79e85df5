package lb

import (
	"math"
	"sync"
	"testing"
	"testing/quick"
	"time"
)

func TestProperty4FirstSampleIsTheLatency(t *testing.T) {
	var h health
	if h.took(time.Second, 5, 0); h.latency.load() != float64(time.Second) {
		t.Errorf("latency is %v after the first sample of a second", h.latency.load())
	}
	h = health{}
	if h.took(0, 0, 0); h.latency.load() != 1 {
		t.Errorf("a call of no time makes latency %v, want the least that is not unknown", h.latency.load())
	}
}

// The first few are a plain average, whenever they came.
func TestTheFirstSampleDoesNotStandForSeconds(t *testing.T) {
	var h health
	for i, d := range []time.Duration{100, 10, 10, 10, 20} {
		h.took(d*time.Millisecond, int64(i), 0)
	}
	checkBetween(t, h.latency.load(), 30e6, 30e6)
	h = health{}
	h.took(100*time.Millisecond, 1, 10e6) // where others take 10 ms
	checkBetween(t, h.latency.load(), 20e6, 20e6)
	h.took(70*time.Millisecond, 2, 10e6)
	checkBetween(t, h.latency.load(), 25e6, 25e6)
}

// A sample weighs by the time since the one before it, so that a thousand calls
// in a second weigh as much as one.
func TestLatencyFollowsTime(t *testing.T) {
	for name, perSecond := range map[string]int64{"one": 1, "thousand": 1000} {
		var h health
		h.took(100*time.Millisecond, 0, 0)
		for i := range 10 * perSecond {
			h.took(200*time.Millisecond, (i+1)*int64(time.Second)/perSecond, 0)
		}
		if got := time.Duration(h.latency.load()); got < 195*time.Millisecond || got > 200*time.Millisecond {
			t.Errorf("%s per second: 10 s after 100 ms became 200 ms, latency is %v", name, got)
		}
	}
}

// Whatever clocks and durations do, the average is finite and within the
// samples.
func TestProperty4LatencyStaysWithinTheSamples(t *testing.T) {
	extremes := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, int64(10 * 365 * 24 * time.Hour), int64(time.Second)}
	for _, gap := range extremes {
		for _, d := range extremes {
			var h health
			h.took(time.Second, 0, 0)
			h.took(time.Duration(d), gap, 0)
			checkBetween(t, h.latency.load(), min(math.Max(float64(d), 1), 1e9), max(float64(d), 1e9))
			h.relax(gap, true, math.Max(float64(d), 1))
			checkBetween(t, h.latency.load(), min(math.Max(float64(d), 1), 1e9), max(float64(d), 1e9))
		}
	}
	err := quick.Check(func(from, to uint64, dt int64) bool {
		got := toward(float64(from), float64(to), dt, latencyTau)
		low, high := float64(min(from, to)), float64(max(from, to))
		return got >= low*(1-1e-12) && got <= high*(1+1e-12)
	}, nil)
	if err != nil {
		t.Error(err)
	}
}

func checkBetween(t *testing.T, got, low, high float64) {
	t.Helper()
	if !(got >= low*(1-1e-12) && got <= high*(1+1e-12)) { // also false for NaN
		t.Errorf("average is %v, want within [%v, %v]", got, low, high)
	}
}

func TestFailuresAddUpAndFade(t *testing.T) {
	var h health
	for range 5 {
		h.answered(true)
	}
	checkBetween(t, h.success(), math.Pow(0.9, 5), math.Pow(0.9, 5))
	h.answered(false)
	checkBetween(t, h.success(), 0.631441, 0.631441)
	for range 1000 {
		h.answered(true)
	}
	checkBetween(t, h.success()+1, 1, 1+1e-9) // never below 0
	h.relax(int64(10*time.Second), false, 0)
	checkBetween(t, h.success(), 0.5, 0.5)
	for range 60 {
		h.relax(int64(10*time.Second), false, 0)
	}
	if h.success() != 1 {
		t.Errorf("success is %v after ten minutes, want all forgotten", h.success())
	}
}

func TestFinagleIdleLatencyDriftsToTheMean(t *testing.T) {
	for name, c := range map[string]struct {
		idle       bool
		mean, want float64
	}{
		"idle":         {true, 100, 1000 * math.Pow(0.1, 10./15)},
		"busy":         {false, 100, 1000},
		"unknown mean": {true, 0, 1000},
	} {
		var h health
		h.latency.store(1000)
		h.relax(int64(10*time.Second), c.idle, c.mean)
		if got := h.latency.load(); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: latency 1000 becomes %v after 10 s, want %v", name, got, c.want)
		}
	}
	var unknown health
	if unknown.relax(int64(time.Hour), true, 100); unknown.latency.load() != 0 {
		t.Error("a node that never answered has a latency")
	}
}

// Samples may be lost to each other, but what is there is never torn.
func TestProperty4NothingIsTorn(t *testing.T) {
	var h health
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 2000 {
				h.took(time.Duration(i+1)*time.Second, int64(k)*int64(time.Millisecond), 0)
				h.answered(k%2 == 0)
				h.relax(int64(time.Millisecond), k%3 == 0, float64(4*time.Second))
			}
		})
	}
	wg.Wait()
	checkBetween(t, h.latency.load(), float64(time.Second), float64(8*time.Second))
	checkBetween(t, h.success()+1, 1, 2)
}

// A node that was slow once and gets no calls must come back, and does not raise
// the mean it drifts to.
func TestASlowNodeIsForgivenByThePool(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, "a", "b", "c", "d", "slow")
	for _, sl := range p.snap.Load().all {
		sl.node.latency.store(float64(time.Millisecond))
	}
	slow := nodeOf(t, p, "slow")
	slow.latency.store(float64(2 * time.Second))
	now := p.now()
	p.relaxed.Store(now)
	for range 120 * 50 { // two minutes
		now += int64(relaxEvery)
		p.relax(now)
		for _, id := range []string{"a", "b", "c", "d"} { // the others are called
			n := nodeOf(t, p, id)
			n.calls.Add(1)
			n.took(time.Millisecond, now, 0)
		}
	}
	if got := time.Duration(slow.latency.load()); got > 2*time.Millisecond {
		t.Errorf("two minutes later the slow node still counts as %v", got)
	}
}

func TestRelaxIsRare(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(300)...)
	n := nodeOf(t, p, "a000")
	p.relaxed.Store(0)
	for now, want := range map[int64]bool{0: false, int64(relaxEvery): false, int64(2*relaxEvery) - 1: false, int64(2 * relaxEvery): true, -1: false} {
		n.failing.store(0.5)
		p.relaxed.Store(0)
		p.relax(now)
		if got := n.failing.load() < 0.5; got != want {
			t.Errorf("300 nodes, %v after the last time: relaxed is %v, want %v", time.Duration(now), got, want)
		}
	}
}

// A node that owes an answer for longer than usual is as slow as its silence,
// from the moment that it became silent, and until it answers.
func TestSilenceCounts(t *testing.T) {
	const ms = int64(time.Millisecond)
	var h health
	h.took(2*time.Millisecond, 100*ms, 0)
	steps := []struct {
		what string
		do   func()
		want float64
	}{
		{"nothing is owed", func() { h.listen(5000*ms, true) }, 0},
		{"somebody calls, who knows when", func() { h.listen(5020*ms, false) }, 0},
		{"for longer than its latency", func() { h.listen(5050*ms, false) }, float64(30 * ms)},
		{"for much longer", func() { h.listen(6020*ms, false) }, float64(1000 * ms)},
		{"it answers", func() { h.took(time.Second, 6021*ms, 0) }, 0},
		{"it owes the next answer from there on", func() { h.listen(6041*ms, false) }, 0},
		{"and does not give it", func() { h.listen(9021*ms, false) }, float64(3000 * ms)},
		{"the caller gives up", func() { h.listen(9041*ms, true) }, 0},
	}
	for _, s := range steps {
		if s.do(); h.silence.load() != s.want {
			t.Errorf("%s: silence is %v ms, want %v", s.what, h.silence.load()/1e6, s.want/1e6)
		}
	}
}

// One late answer moves the average a little, many move it all the way.
func TestAnOutlierIsNotTheRule(t *testing.T) {
	var h health
	now := int64(0)
	for range 100 {
		now += int64(10 * time.Millisecond)
		h.took(2*time.Millisecond, now, 0)
	}
	now += int64(5 * time.Second)
	h.took(2*time.Second, now, 0)
	checkBetween(t, h.latency.load(), float64(2*time.Millisecond), float64(outlier*2*time.Millisecond))
	for range 200 {
		now += int64(100 * time.Millisecond)
		h.took(2*time.Second, now, 0)
	}
	checkBetween(t, h.latency.load(), float64(1900*time.Millisecond), float64(2*time.Second))
}

// The first call after a pause must not be taken for one that lasted so long.
func TestProperty5APauseIsNoSilence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(at("a")...), new(fleet), PoolConfig{})
		n := nodeOf(t, p, "a")
		n.call(t.Context(), nil)
		time.Sleep(time.Hour)
		if n.begin(); n.silence.load() != 0 {
			t.Error("silent before anybody looked")
		}
		for range 2 {
			p.relax(p.now())
			if n.silence.load() != 0 {
				t.Errorf("a call that just began counts as a silence of %v", time.Duration(n.silence.load()))
			}
		}
		time.Sleep(time.Second)
		p.relax(p.now())
		if got := time.Duration(n.silence.load()); got != time.Second {
			t.Errorf("a call that has lasted a second counts as a silence of %v", got)
		}
		n.end()
	})
}

// The first sample of a node that joins late weighs no more than that of one that
// was there from the beginning.
func TestTheFirstSampleWeighsLikeTheNext(t *testing.T) {
	const ms = time.Millisecond
	for _, now := range []time.Duration{0, time.Minute, time.Hour} {
		var h health
		h.took(ms, int64(now), float64(10*ms))
		if got := time.Duration(h.latency.load()); got != 9*ms {
			t.Errorf("after %v: a first sample of 1 ms makes a latency of %v beside a mean of 10 ms, want 9 ms", now, got)
		}
	}
}
