package sim

import (
	"math"
	"testing"
	"time"
)

// agrees checks a figure over several seeds against theory: theory must be
// within the 99 % confidence interval, or within slack of what is measured.
func agrees(t *testing.T, what string, measure func(seed uint64) float64, theory, slack float64) {
	t.Helper()
	const seeds, student99 = 8, 3.499 // seven degrees of freedom
	var sum, square float64
	for seed := range uint64(seeds) {
		v := measure(seed + 1)
		sum += v
		square += v * v
	}
	mean := sum / seeds
	half := student99 * math.Sqrt(max(square/seeds-mean*mean, 0)/(seeds-1))
	if math.Abs(mean-theory) > half+slack*theory {
		t.Errorf("%s is %.4g ± %.2g, by theory %.4g", what, mean, half, theory)
	}
	if half > theory/4 {
		t.Errorf("%s is %.4g ± %.2g: that says nothing", what, mean, half)
	}
}

// wait is the mean time calls wait for a worker, in units of the service time.
func wait(r Result, sc Scenario) float64 {
	sc = sc.withDefaults()
	return float64(r.Mean-2*sc.Delay-sc.Service.Mean) / float64(sc.Service.Mean)
}

// erlangC is the mean wait in M/M/c in units of the service time.
func erlangC(c int, rho float64) float64 {
	blocked := 1.0 // Erlang-B, by its recursion
	offered := rho * float64(c)
	for k := 1; k <= c; k++ {
		blocked = offered * blocked / (float64(k) + offered*blocked)
	}
	queued := blocked / (1 - rho*(1-blocked))
	return queued / (float64(c) * (1 - rho))
}

func TestCentralQueueWaitsAsErlangSays(t *testing.T) {
	t.Parallel()
	for _, rho := range []float64{.8, .9} {
		sc := Scenario{Name: "M/M/20", Servers: alike(5, Server{}), Rate: rho * 5 * 4 * 100}
		want := erlangC(20, rho)
		agrees(t, "the mean wait in M/M/20", func(seed uint64) float64 {
			return wait(play(t, sc, named(t, "central"), seed), sc)
		}, want, .01)
	}
}

// TestRandomMakesQueuesOfTheirOwn holds since a Poisson process that is dealt at
// random is several.
func TestRandomMakesQueuesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 4} {
		sc := Scenario{Name: "M/M/c", Servers: alike(10, Server{Workers: workers}), Rate: .7 * 10 * float64(workers) * 100}
		agrees(t, "the mean wait in M/M/c", func(seed uint64) float64 {
			return wait(play(t, sc, anyOne(), seed), sc)
		}, erlangC(workers, .7), .01)
	}
}

// TestPollaczekKhinchine: the mean wait in M/G/1 is ρ/(1-ρ)·(1+CV²)/2.
func TestPollaczekKhinchine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		service Service
		cv2     float64
	}{
		"nearly all the same": {Service{Shape: Normal}, .03 * .03},
		"bimodal":             {Service{Shape: Bimodal}, (.99+.01*2500)/(1.49*1.49) - 1},
		"lognormal":           {Service{Shape: Lognormal, Sigma: .8}, math.Exp(.64) - 1},
	} {
		sc := Scenario{Name: name, Servers: alike(20, Server{Workers: 1}), Rate: .6 * 20 * 100, Service: tt.service, Timeout: time.Minute}
		agrees(t, "the mean wait with service times "+name, func(seed uint64) float64 {
			return wait(play(t, sc, anyOne(), seed), sc)
		}, .6/.4*(1+tt.cv2)/2, .01)
	}
}

// TestLittle: as many calls are under way as arrive a second, times the seconds
// that each takes.
func TestLittle(t *testing.T) {
	t.Parallel()
	sc := twenty("Little", "", .8)
	agrees(t, "calls under way over rate times latency", func(seed uint64) float64 {
		sc := sc.withDefaults()
		w := newWorld(sc, seed)
		defer w.close()
		for i := range sc.Clients {
			w.callers = append(w.callers, twoChoices().New(w.env(i, seed)))
		}
		var underway, looked float64
		var look func()
		look = func() {
			if w.now > w.from {
				underway += float64(w.active)
				looked++
			}
			if w.stream.at != never {
				w.after(time.Millisecond, look)
			}
		}
		w.after(0, look)
		w.play()
		r := w.result("", seed)
		return underway / looked / (float64(r.Calls) / sc.Length.Seconds() * r.Mean.Seconds())
	}, 1, .002)
}

func TestTwoChoicesBeatRandom(t *testing.T) {
	t.Parallel()
	sc := scenario(t, "S2", 10*time.Second)
	two, one := play(t, sc, twoChoices(), 1), play(t, sc, anyOne(), 1)
	if float64(two.P99) > .7*float64(one.P99) {
		t.Errorf("p99 with two choices is %s, at random %s: want 30 %% less", two.P99, one.P99)
	}
}
