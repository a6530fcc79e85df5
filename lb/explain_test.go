package lb

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/internal/attempt"
)

func TestExplainKeepsTheLastPicks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(at("a", "b")...), new(fleet), PoolConfig{Explain: 3})
		if got := p.Explain(); len(got) != 0 {
			t.Errorf("before any pick: %v", got)
		}
		b := NewRoundRobin(p)
		var want []string
		for i := range 7 {
			time.Sleep(time.Second)
			who, _ := Endpoint(b)(t.Context(), nil)
			want = append(want, fmt.Sprintf("%v round robin: %s of 2", time.Duration(i+1)*time.Second, who))
			var got []string
			for _, pick := range p.Explain() {
				got = append(got, pick.String())
			}
			if last := want[max(len(want)-3, 0):]; strings.Join(got, "\n") != strings.Join(last, "\n") {
				t.Errorf("after %d picks: %q, want the last three, %q", i+1, got, last)
			}
		}
		p.Explain()[0].Chosen = "changed"
		if got := p.Explain()[0].Chosen; got == "changed" {
			t.Error("the answer is not a copy")
		}
	})
}

func TestAPickIsALine(t *testing.T) {
	for want, p := range map[string]Pick{
		"1.5s random: a of 3": {At: 1500 * time.Millisecond, Balancer: "random", Step: "ready", Chosen: "a", Of: 3},
		"0s ring key 00000000000000ff: a of 3": {
			Balancer: "ring", Step: "ready", Chosen: "a", Of: 3, Keyed: true, Key: 255,
		},
		"0s random: a of 3 (tried)": {Balancer: "random", Step: "tried", Chosen: "a", Of: 3},
		"0s adaptive: nobody: no endpoints available": {
			Balancer: "adaptive", Err: errors.New("no endpoints available"),
		},
		"2ms adaptive: b of 4 (panic); looked at a (cost 0.5, 2 in flight, 12.35ms, success 50 %), b (cost 1e+03, 0 in flight), c (in slow start)": {
			At: 2 * time.Millisecond, Balancer: "adaptive", Step: "panic", Chosen: "b", Of: 4,
			Candidates: []Candidate{
				{ID: "a", Cost: 0.5, InFlight: 2, Latency: 12346 * time.Microsecond, Success: 0.5},
				{ID: "b", Cost: 1000, Success: 1},
				{ID: "c", Excluded: "in slow start"},
			},
		},
	} {
		if got := p.String(); got != want {
			t.Errorf("the line is %q\nwant        %q", got, want)
		}
	}
}

// excluded returns why candidates of the last pick could not be picked, and
// fails if one is there twice.
func excluded(t *testing.T, p *Pool) map[string]string {
	t.Helper()
	all := p.Explain()
	last := all[len(all)-1]
	why, seen := map[string]string{}, map[string]bool{}
	for _, c := range last.Candidates {
		if seen[c.ID] {
			t.Errorf("%s is there twice: %v", c.ID, last)
		}
		seen[c.ID] = true
		if c.Excluded != "" {
			why[c.ID] = c.Excluded
		}
	}
	if line := last.String(); strings.ContainsAny(line, "\n\t") || !strings.Contains(line, last.Chosen) {
		t.Errorf("%q is not a line that says who", line)
	}
	return why
}

// Of each that cannot be picked the reason is there, whichever balancer picks.
func TestExplainSaysWhyNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var g switches
		src := newSource(at("ejected", "ok", "shut", "tried")...)
		p := start(t, src, new(fleet), PoolConfig{
			Explain: 1, Guard: g.guard,
			Outliers:  &OutlierConfig{BaseTime: time.Hour},
			SlowStart: SlowStartConfig{Window: 1000 * time.Hour, Floor: 1e-9},
		})
		src.set(at("cold", "ejected", "ok", "shut", "tried")...)
		synctest.Wait()
		nodeOf(t, p, "ejected").eject(failsOften, p.now(), &p.outliers.cfg, p)
		g.set("shut")
		want := map[string]string{
			"cold":    "in slow start",
			"ejected": "ejected as an outlier: fails more than the others",
			"shut":    "its guard lets no call through",
			"tried":   "tried by this call",
		}
		for name, b := range everyKind(p) {
			seen := map[string]string{}
			for range 300 {
				ctx := attempt.Start(t.Context(), 0)
				attempt.From(ctx).Add("tried")
				if who, err := Endpoint(b)(ctx, nil); who != "ok" || err != nil {
					t.Fatalf("%s: picked %v, %v", name, who, err)
				}
				maps.Copy(seen, excluded(t, p))
				if pick := p.Explain()[0]; pick.Step != "ready" || pick.Chosen != "ok" || pick.Of != 5 || pick.Err != nil {
					t.Fatalf("%s: the pick was %+v", name, pick)
				}
			}
			if fmt.Sprint(seen) != fmt.Sprint(want) {
				t.Errorf("%s: excluded are %v, want %v", name, seen, want)
			}
		}
	})
}

// How much had to be given up is there.
func TestExplainSaysTheStep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var g switches
		p := start(t, newSource(at("a", "b")...), new(fleet), PoolConfig{Explain: 1, Guard: g.guard})
		for name, b := range everyKind(p) {
			for _, c := range []struct {
				step        string
				shut, tried []string
			}{
				{"ready", []string{"b"}, nil},
				{"tried", []string{"b"}, []string{"a"}},
				{"panic", []string{"a", "b"}, nil},
			} {
				g.set(c.shut...)
				ctx := attempt.Start(t.Context(), 0)
				for _, id := range c.tried {
					attempt.From(ctx).Add(id)
				}
				who, err := Endpoint(b)(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				if pick := p.Explain()[0]; pick.Step != c.step || pick.Chosen != who {
					t.Errorf("%s: %+v, want %v by step %q", name, pick, who, c.step)
				}
			}
		}
		g.set()
	})
}

func TestExplainSaysWhyThereIsNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newSource(), new(fleet), PoolConfig{Explain: 1})
		for name, b := range everyKind(p) {
			_, err := b.Endpoint()
			pick := p.Explain()[0]
			if err == nil || pick.Err != err || pick.Chosen != "" || !strings.Contains(pick.String(), ": nobody: no endpoints available: no instance is registered") {
				t.Errorf("%s: %v", name, pick)
			}
		}
	})
}

// A balancer over a view explains itself through its pool.
func TestExplainCoversViews(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{Explain: 10}, "a", "b")
	picks(t, Endpoint(NewRandom(Where(p, "anybody", nil))), 2)
	picks(t, Endpoint(NewRoundRobin(p)), 1)
	var got []string
	for _, pick := range p.Explain() {
		got = append(got, pick.Balancer)
	}
	if strings.Join(got, ", ") != "random, random, round robin" {
		t.Errorf("picked have %v", got)
	}
}

func TestExplainWhilePicking(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{Explain: 16, Outliers: &OutlierConfig{}}, letters(5)...)
	var wg sync.WaitGroup
	for _, b := range everyKind(p) {
		wg.Go(func() { picks(t, Endpoint(b), 200) })
	}
	wg.Go(func() {
		for range 50 {
			for i, pick := range p.Explain() {
				if pick.Chosen == "" || pick.Of != 5 || pick.Balancer == "" {
					t.Errorf("pick %d is torn: %+v", i, pick)
				}
			}
		}
	})
	wg.Wait()
	if got := len(p.Explain()); got != 16 {
		t.Errorf("%d picks are kept, want 16", got)
	}
}

// Switched off, explaining costs nothing.
func TestExplainOffAllocatesNothing(t *testing.T) {
	p := fixed(t, new(fleet), PoolConfig{}, letters(5)...)
	for name, b := range everyKind(p) {
		if got := testing.AllocsPerRun(100, func() { b.Endpoint() }); got != 0 {
			t.Errorf("%s: a pick allocates %v times", name, got)
		}
	}
	if p.recorder != nil || p.Explain() != nil {
		t.Error("it remembers all the same")
	}
}

// BenchmarkExplain is a pick without and with an explanation.
func BenchmarkExplain(b *testing.B) {
	for name, keep := range map[string]int{"off": 0, "on": 100} {
		p := fixed(b, new(fleet), PoolConfig{Explain: keep}, letters(10)...)
		for kind, by := range map[string]interface{ members() Set }{"round robin": NewRoundRobin(p), "adaptive": NewAdaptive(p, AdaptiveConfig{})} {
			b.Run(kind+"/"+name, func(b *testing.B) {
				pick := by.(picker).Pick
				b.ReportAllocs()
				for b.Loop() {
					if _, err := pick(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
