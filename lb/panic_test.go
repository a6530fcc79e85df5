package lb

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
)

func TestPanicBelowIsClamped(t *testing.T) {
	for x, want := range map[float64]float64{0: 0, -1: 0, math.Inf(-1): 0, 0.3: 0.3, 1: 1, 7: 1, math.Inf(1): 1} {
		if got := (PoolConfig{PanicBelow: x}).withDefaults().PanicBelow; got != want {
			t.Errorf("%v becomes %v, want %v", x, got, want)
		}
	}
	if got := (PoolConfig{PanicBelow: math.NaN()}).withDefaults().PanicBelow; got != 0 {
		t.Errorf("NaN becomes %v", got)
	}
}

func TestPanicBelow(t *testing.T) {
	for _, c := range []struct {
		below float64
		shut  int
		panic bool
	}{{0.5, 0, false}, {0.5, 5, false}, {0.5, 6, true}, {0.5, 10, true}, {0, 9, false}, {0, 10, true}, {1, 1, true}, {1, 0, false}} {
		bubble(t, func(t *testing.T) {
			var g switches
			p := start(t, newSource(at(letters(10)...)...), new(fleet), PoolConfig{Guard: g.guard, PanicBelow: c.below})
			g.set(letters(10)[:c.shut]...)
			call := Endpoint(NewRandom(p))
			time.Sleep(time.Second)
			call(t.Context(), nil)
			if got := p.Panicking(); got != c.panic {
				t.Errorf("%d of 10 are shut, with a threshold of %v: panicking is %v", c.shut, c.below, got)
			}
			want := 10 - c.shut
			if c.panic {
				want = 10
			}
			if got := len(picks(t, call, 500)); got != want {
				t.Errorf("%d of 10 are shut, with a threshold of %v: %d were called, want %d", c.shut, c.below, got, want)
			}
			g.set()
			time.Sleep(time.Second)
			call(t.Context(), nil)
			if p.Panicking() {
				t.Error("all are ready, and the panic goes on")
			}
		})
	}
}

// Critical instances cannot be used, but count.
func TestPanicCountsTheCritical(t *testing.T) {
	bubble(t, func(t *testing.T) {
		set := at(letters(10)...)
		for i := range 6 {
			set[i].State = sd.Critical
		}
		src := newSource(set...)
		p := start(t, src, new(fleet), PoolConfig{PanicBelow: 0.5})
		call := Endpoint(NewRoundRobin(p))
		time.Sleep(time.Second)
		call(t.Context(), nil)
		if got := len(picks(t, call, 500)); got != 10 || !p.Panicking() {
			t.Errorf("6 of 10 are critical: %d were called, want all", got)
		}
		set[0].State = sd.Warning
		src.set(set...)
		synctest.Wait()
		time.Sleep(time.Second)
		call(t.Context(), nil)
		if got := len(picks(t, call, 500)); got != 5 || p.Panicking() {
			t.Errorf("5 of 10 are critical: %d were called, want the others", got)
		}
	})
}

func TestAnEmptyPoolDoesNotPanic(t *testing.T) {
	if p := fixed(t, new(fleet), PoolConfig{PanicBelow: 1}); p.Panicking() {
		t.Error("it does")
	}
}

// Without any of it, no node is asked: the picks of simple pools stay as cheap.
func TestPlainPools(t *testing.T) {
	var g switches
	for name, c := range map[string]struct {
		cfg   PoolConfig
		plain bool
	}{
		"nothing":    {PoolConfig{}, true},
		"negative":   {PoolConfig{PanicBelow: -1, SlowStart: SlowStartConfig{Window: -1}}, true},
		"guard":      {PoolConfig{Guard: g.guard}, false},
		"outliers":   {PoolConfig{Outliers: &OutlierConfig{}}, false},
		"slow start": {PoolConfig{SlowStart: SlowStartConfig{Window: 1}}, false},
		"panic":      {PoolConfig{PanicBelow: 0.1}, false},
	} {
		p := fixed(t, new(fleet), c.cfg, "a")
		if got := p.snap.Load().plain; got != c.plain {
			t.Errorf("%s: plain is %v", name, got)
		}
		n := nodeOf(t, p, "a")
		if (n.trial != nil) != (name == "outliers") || (n.warmth != nil) != (name == "slow start") {
			t.Errorf("%s: the node has a trial: %v, and a slow start: %v", name, n.trial != nil, n.warmth != nil)
		}
	}
}
