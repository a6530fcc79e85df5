package sim

import (
	"reflect"
	"testing"
	"time"

	"github.com/kitgen/kitgen/internal/hedging"
)

// eager is a planner by which second attempts are due after 20 ms.
func eager() hedger {
	p := &hedging.Planner{Percentile: .5, Floor: 20 * ms, Share: hedging.Share{PerSecond: 100}}
	for range 100 {
		p.Learn(0, ms)
	}
	return hedger{planner: p}
}

// raced plays calls of 10 ms of work, in two servers of one worker, and returns
// when they ended and how.
func raced(t *testing.T, sc Scenario, by func() hedger, at ...time.Duration) (ends map[time.Duration]outcome, w *world) {
	t.Helper()
	sc.Name, sc.Rate, sc.Clients, sc.Warmup = "raced", 1, 1, -1
	if sc.Servers == nil {
		sc.Servers = alike(2, Server{Workers: 1})
	}
	sc = sc.withDefaults()
	if err := sc.validate(); err != nil {
		t.Fatal(err)
	}
	w = newWorld(sc, 1)
	defer w.close()
	w.stream.at = never
	w.callers = []Caller{inTurn(by).New(w.env(0, 1))}
	ends = make(map[time.Duration]outcome)
	before := w.ended
	for _, d := range at {
		w.after(d, func() { w.begin(0, float64(10*ms)) })
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
	return ends, w
}

// inTurn is a hedging round robin, whose first call goes to the second server.
func inTurn(by func() hedger) Policy {
	for _, p := range Ours() {
		if p.Name == "round_robin" {
			return p.hedge("test", by)
		}
	}
	panic("there is no round robin")
}

func TestRace(t *testing.T) {
	t.Parallel()
	way := 250 * time.Microsecond
	slow := func(server int, d time.Duration) Fault {
		return Fault{Kind: Slow, Servers: []int{server}, For: d, Speed: 0}
	}
	fails := func(server int) Fault { return Fault{Kind: Fail, Servers: []int{server}} }
	for name, tt := range map[string]struct {
		faults []Fault
		alone  bool // one server
		by     func() hedger
		want   map[time.Duration]outcome
		extra  int
		won    int
	}{
		"quick enough":                {nil, false, eager, map[time.Duration]outcome{10*ms + 2*way: succeeded}, 0, 0},
		"the second wins":             {[]Fault{slow(2, second)}, false, eager, map[time.Duration]outcome{30*ms + 2*way: succeeded}, 1, 1},
		"the first wins":              {[]Fault{slow(2, 15*ms), slow(1, second)}, false, eager, map[time.Duration]outcome{25*ms + way: succeeded}, 1, 0},
		"the same server again":       {[]Fault{slow(1, 100*ms)}, true, eager, map[time.Duration]outcome{110*ms + way: succeeded}, 1, 0},
		"the second fails":            {[]Fault{slow(2, 100*ms), fails(1)}, false, eager, map[time.Duration]outcome{110*ms + way: succeeded}, 1, 0},
		"the first fails at once":     {[]Fault{fails(2)}, false, eager, map[time.Duration]outcome{ms + 2*way: failed}, 0, 0},
		"both in vain":                {[]Fault{slow(2, 0), slow(1, 0)}, false, eager, map[time.Duration]outcome{2 * second: timedOut}, 1, 0},
		"by a delay, the second wins": {[]Fault{slow(2, second)}, false, fixed(20 * ms), map[time.Duration]outcome{30*ms + 2*way: succeeded}, 1, 1},
		"by a delay, an error ends it": {
			[]Fault{slow(2, 100*ms), fails(1)}, false, fixed(20 * ms),
			map[time.Duration]outcome{21*ms + 2*way: failed}, 1, 0,
		},
		"by a delay, both in vain": {[]Fault{slow(2, 0), slow(1, 0)}, false, fixed(20 * ms), map[time.Duration]outcome{2 * second: timedOut}, 1, 0},
	} {
		sc := Scenario{Faults: tt.faults}
		if tt.alone {
			sc.Servers = alike(1, Server{Workers: 1})
		}
		got, w := raced(t, sc, tt.by, 0)
		if !reflect.DeepEqual(got, tt.want) || w.extra != tt.extra || w.won != tt.won {
			t.Errorf("%s: ends %v with %d extra, %d won; want %v, %d, %d", name, got, w.extra, w.won, tt.want, tt.extra, tt.won)
		}
	}
}

// TestLosersWorkIsDoneUnlessServersStop: what is called at 50 ms ends in the second
// server, which stands still until 100 ms, since the first does from 40 ms on. The
// loser of an earlier race is there before it.
func TestLosersWorkIsDoneUnlessServersStop(t *testing.T) {
	t.Parallel()
	way := 250 * time.Microsecond
	for abort, last := range map[bool]time.Duration{false: 120*ms + way, true: 110*ms + way} {
		sc := Scenario{Abort: abort, Faults: []Fault{{Kind: Slow, Servers: []int{2}, For: 100 * ms}, {Kind: Slow, Servers: []int{1}, At: 40 * ms}}}
		got, _ := raced(t, sc, eager, 0, 50*ms)
		if want := (map[time.Duration]outcome{30*ms + 2*way: succeeded, last: succeeded}); !reflect.DeepEqual(got, want) {
			t.Errorf("abort %t: ends %v; want %v", abort, got, want)
		}
	}
}
