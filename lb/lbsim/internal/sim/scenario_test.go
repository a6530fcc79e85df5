package sim

import (
	"strings"
	"testing"
	"time"
)

func TestCatalogueIsValid(t *testing.T) {
	t.Parallel()
	seen, latency := make(map[string]bool), 0
	for _, sc := range Catalogue() {
		if err := sc.Validate(); err != nil {
			t.Error(err)
		}
		if seen[sc.Name] || sc.Title == "" {
			t.Errorf("%s is there twice, or without a title", sc.Name)
		}
		seen[sc.Name] = true
		if sc.Latency {
			latency++
		}
	}
	if latency != 12 {
		t.Errorf("%d latency scenarios; want 12", latency)
	}
}

func TestValidateSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := Scenario{Name: "x", Servers: alike(2, Server{}), Rate: 1}
	for want, spoil := range map[string]func(*Scenario){
		"no servers":               func(sc *Scenario) { sc.Servers = nil },
		"rate is 0":                func(sc *Scenario) { sc.Rate = 0 },
		"-1 clients":               func(sc *Scenario) { sc.Clients = -1 },
		"delay is -1ns":            func(sc *Scenario) { sc.Delay = -1 },
		"no longer than a message": func(sc *Scenario) { sc.Timeout = 1 },
		"length is -1ns":           func(sc *Scenario) { sc.Length = -1 },
		"mean service time":        func(sc *Scenario) { sc.Service.Mean = -1 },
		"watches server 3 of 2":    func(sc *Scenario) { sc.Watch = 3 },
		"server 2 has -1 workers":  func(sc *Scenario) { sc.Servers[1].Workers = -1 },
		"server 1 has speed -1":    func(sc *Scenario) { sc.Servers[0].Speed = -1 },
		"server 1 has weight -1":   func(sc *Scenario) { sc.Servers[0].Weight = -1 },
		"bursts are 0":             func(sc *Scenario) { sc.Bursts = &Bursts{Low: 1, HighFor: 1, LowFor: 1} },
		"bursts last 0s":           func(sc *Scenario) { sc.Bursts = &Bursts{Low: 1, High: 1, LowFor: 1} },
		"a share of 2 takes 1":     func(sc *Scenario) { sc.Hiccups = &Hiccups{Share: 2, Factor: 1} },
		"takes -1 times as long":   func(sc *Scenario) { sc.Hiccups = &Hiccups{Share: 1, Factor: -1} },
		"fault 1: server 3 of 2":   func(sc *Scenario) { sc.Faults = []Fault{{Kind: Hang, Servers: []int{3}}} },
		"kind 0":                   func(sc *Scenario) { sc.Faults = []Fault{{}} },
		"at -1ns":                  func(sc *Scenario) { sc.Faults = []Fault{{Kind: Hang, At: -1}} },
		"speed -1":                 func(sc *Scenario) { sc.Faults = []Fault{{Kind: Slow, Speed: -1}} },
		"cold from speed 0":        func(sc *Scenario) { sc.Faults = []Fault{{Kind: Cold, For: 1}} },
		"share of 2":               func(sc *Scenario) { sc.Faults = []Fault{{Kind: Fail, Share: 2}} },
		"every 0s":                 func(sc *Scenario) { sc.Faults = []Fault{{Kind: Pauses}} },
		"speed falls to 1 to 0":    func(sc *Scenario) { sc.Faults = []Fault{{Kind: Antagonists, Every: 1, Depth: Range{1, 0}}} },
	} {
		sc := good
		sc.Servers = alike(2, Server{})
		spoil(&sc)
		if err := sc.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v; want one with %q", err, want)
		}
		if _, err := Run(sc, first(), 1); err == nil {
			t.Errorf("it runs, although %q", want)
		}
	}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}

func TestDrawnServiceTimesHaveTheirMean(t *testing.T) {
	t.Parallel()
	for _, shape := range []Shape{Exponential, Lognormal, Bimodal, Normal} {
		s := Service{Shape: shape, Mean: 20 * time.Millisecond, Sigma: .8}.withDefaults()
		r, sum := chance(1, 1), 0.0
		const n = 200_000
		for range n {
			v := s.draw(r)
			if v <= 0 {
				t.Fatalf("shape %d: drew %g", shape, v)
			}
			sum += v
		}
		if mean := sum / n / float64(s.Mean); mean < .97 || mean > 1.03 {
			t.Errorf("shape %d: the mean is %.3f times what it should be", shape, mean)
		}
	}
}

func TestHistogramIsWithinAFifthOfAPercent(t *testing.T) {
	t.Parallel()
	var h histogram
	for i := range 10_000 {
		h.add(time.Duration(i+1) * 10 * time.Microsecond)
	}
	for q, want := range map[float64]time.Duration{.5: 50 * ms, .99: 99 * ms, .999: 99900 * time.Microsecond, 1: 100 * ms} {
		got := h.quantile(q)
		if off := float64(got-want) / float64(want); off < -.002 || off > .002 {
			t.Errorf("quantile %g is %s; want %s", q, got, want)
		}
	}
	if got := h.mean(); got != 50005*time.Microsecond {
		t.Errorf("the mean is %s", got)
	}
}

func TestQueueAndAgendaKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var q queue[int]
	next, r := 0, chance(2, 2)
	for i := range 1000 {
		q.push(i)
		if r.IntN(3) == 0 {
			if got := q.pop(); got != next {
				t.Fatalf("popped %d; want %d", got, next)
			}
			next++
		}
	}
	var a agenda
	for i := range 1000 {
		a.push(event{at: int64(r.IntN(50)), seq: uint64(i)})
	}
	last := a.pop()
	for len(a) > 0 {
		e := a.pop()
		if !last.before(&e) {
			t.Fatalf("%d/%d comes after %d/%d", e.at, e.seq, last.at, last.seq)
		}
		last = e
	}
}
