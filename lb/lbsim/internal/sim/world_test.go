package sim

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

func TestSameSeedSameResult(t *testing.T) {
	t.Parallel()
	for _, name := range sometimes([]string{"S15", "S5", "S7b"}, 1) {
		sc := scenario(t, name, second)
		if racing {
			sc.Warmup = -1
		}
		for _, p := range sometimes(append(Ours(), References()...), 2) {
			jobs := []Job{{sc, p, 3}, {sc, p, 3}, {sc, p, 4}}
			r, err := Batch(jobs, len(jobs), nil) // at the same time: they must share nothing
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(r[0], r[1]) {
				t.Errorf("%s in %s: one seed, but\n%+v\n%+v", p.Name, name, r[0], r[1])
			}
			if r[0].Mean == r[2].Mean {
				t.Errorf("%s in %s: another seed, but the same result", p.Name, name)
			}
		}
	}
}

func TestEveryCallEnds(t *testing.T) {
	t.Parallel()
	for _, sc := range sometimes(Catalogue(), 3) {
		if sc.Rate > 10_000 {
			continue // larger, but not different
		}
		sc.Length, sc.Warmup = second, 4500*ms // faults begin in it
		if racing {
			sc.Warmup = -1
		}
		sc.Clients = min(sc.Clients, 50)
		calls := 0
		for _, p := range []Policy{named(t, "central"), named(t, "oracle"), named(t, "adaptive"), named(t, "random")} {
			r := play(t, sc, p, 1)
			if ended := r.Succeeded + r.Failed + r.TimedOut; ended != r.Calls || r.Calls == 0 {
				t.Errorf("%s in %s: %d calls, but %d ended", p.Name, sc.Name, r.Calls, ended)
			}
			if calls == 0 {
				calls = r.Calls
			}
			if r.Calls != calls {
				t.Errorf("%s in %s: %d calls; others were asked for %d", p.Name, sc.Name, r.Calls, calls)
			}
		}
	}
}

// one is a server of one worker to which a call comes at certain times, that
// takes 10 ms of work.
func one(t *testing.T, sc Scenario, at ...time.Duration) (ends map[time.Duration]outcome) {
	t.Helper()
	sc.Name, sc.Servers, sc.Rate, sc.Clients, sc.Warmup = "one", []Server{{Workers: 1}}, 1, 1, -1
	sc = sc.withDefaults()
	if err := sc.validate(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(sc, 1)
	defer w.close()
	w.stream.at = never
	ends = make(map[time.Duration]outcome)
	w.callers = []Caller{first().New(w.env(0, 1))}
	before := w.ended
	for _, d := range at {
		w.after(d, func() { w.begin(0, float64(10*time.Millisecond)) })
	}
	for len(w.agenda) > 0 || w.active > 0 {
		w.step()
		for how := range w.ended {
			if w.ended[how] != before[how] {
				ends[time.Duration(w.now)] = outcome(how)
			}
		}
		before = w.ended
	}
	return ends
}

const ms = time.Millisecond

func TestWorkTakesItsTime(t *testing.T) {
	t.Parallel()
	way := 250 * time.Microsecond
	for name, tt := range map[string]struct {
		faults []Fault
		cancel bool
		at     []time.Duration
		want   map[time.Duration]outcome
	}{
		"alone":   {nil, false, []time.Duration{0}, map[time.Duration]outcome{10*ms + 2*way: succeeded}},
		"in turn": {nil, false, []time.Duration{0, 0}, map[time.Duration]outcome{10*ms + 2*way: succeeded, 20*ms + 2*way: succeeded}},
		"slower on the way": {
			[]Fault{{Kind: Slow, At: 5*ms + way, Speed: .5}}, false,
			[]time.Duration{0}, map[time.Duration]outcome{15*ms + 2*way: succeeded},
		},
		"slower for a while, twice over": {
			[]Fault{{Kind: Slow, At: 2*ms + way, For: 4 * ms, Speed: .5}, {Kind: Slow, At: 4*ms + way, For: 2 * ms, Speed: .5}}, false,
			[]time.Duration{0}, map[time.Duration]outcome{12*ms + 500*time.Microsecond + 2*way: succeeded},
		},
		"halted": {
			[]Fault{{Kind: Slow, At: 5*ms + way, For: 100 * ms, Speed: 0}}, false,
			[]time.Duration{0}, map[time.Duration]outcome{110*ms + 2*way: succeeded},
		},
		"fails": {
			[]Fault{{Kind: Fail, For: 5 * ms}}, false,
			[]time.Duration{0, 5 * ms}, map[time.Duration]outcome{1*ms + 2*way: failed, 15*ms + 2*way: succeeded},
		},
		"hangs, and those inside are lost": {
			[]Fault{{Kind: Hang, At: 5 * ms, For: 5 * ms}}, false,
			[]time.Duration{0, 6 * ms, 10 * ms}, map[time.Duration]outcome{2000 * ms: timedOut, 2006 * ms: timedOut, 20*ms + 2*way: succeeded},
		},
		"works in vain": {
			[]Fault{{Kind: Slow, For: 2500*ms + way, Speed: 0}}, false,
			[]time.Duration{0, 1 * ms, 1000 * ms}, map[time.Duration]outcome{2000 * ms: timedOut, 2001 * ms: timedOut, 2530*ms + 2*way: succeeded},
		},
		"drops what nobody waits for": {
			[]Fault{{Kind: Slow, For: 2500*ms + way, Speed: 0}}, true,
			[]time.Duration{0, 1 * ms, 1000 * ms}, map[time.Duration]outcome{2000 * ms: timedOut, 2001 * ms: timedOut, 2520*ms + 2*way: succeeded},
		},
	} {
		if got := one(t, Scenario{Faults: tt.faults, Cancel: tt.cancel}, tt.at...); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: ends %v; want %v", name, got, tt.want)
		}
	}
}

func TestColdServerWarmsUp(t *testing.T) {
	t.Parallel()
	sc := Scenario{Name: "cold", Servers: alike(1, Server{}), Rate: 1, Faults: []Fault{{Kind: Cold, For: 10 * second, Speed: .2}}}.withDefaults()
	w := newWorld(sc, 1)
	for _, tt := range []struct {
		at    time.Duration
		speed float64
	}{{1 * ms, .2}, {5 * second, .6}, {9999 * ms, .984}, {10 * second, 1}} {
		for len(w.agenda) > 0 && w.agenda[0].at <= int64(tt.at) {
			w.happen(w.agenda.pop())
		}
		if got := w.servers[0].speed; got < tt.speed-.001 || got > tt.speed+.001 {
			t.Errorf("after %s the speed is %g; want %g", tt.at, got, tt.speed)
		}
	}
}

// TestPolicyDoesNotChangeItsLuck: the calls and the faults are the same for all.
func TestPolicyDoesNotChangeItsLuck(t *testing.T) {
	t.Parallel()
	sc := scenario(t, "S5", 5*time.Second).withDefaults()
	speeds := func(p Policy) (all []float64) {
		w := newWorld(sc, 9)
		defer w.close()
		for i := range sc.Clients {
			w.callers = append(w.callers, p.New(w.env(i, 9)))
		}
		for i := range 200 {
			w.after(time.Duration(i)*50*ms, func() {
				for _, s := range w.servers {
					all = append(all, s.speed)
				}
			})
		}
		w.play()
		return all
	}
	if a, b := speeds(first()), speeds(twoChoices()); !reflect.DeepEqual(a, b) {
		t.Error("two policies met different faults")
	}
}

func TestNobodyToCall(t *testing.T) {
	t.Parallel()
	none := choosing("none", func([]int, *rand.Rand) int { return 0 })
	none.New = func(Env) Caller { return nobody{} }
	r := play(t, scenario(t, "S1", second), none, 1)
	if r.Calls == 0 || r.Failed != r.Calls || r.ErrorShare != 1 {
		t.Errorf("%d calls, %d failed: want all", r.Calls, r.Failed)
	}
}

type nobody struct{}

func (nobody) Start() (int, func(bool)) { return -1, nil }
func (nobody) Close()                   {}
