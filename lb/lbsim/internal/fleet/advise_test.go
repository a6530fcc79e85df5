package fleet

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// results makes contenders of a p99 and an error share for each seed.
func results(t *testing.T, of map[string][][2]float64) []contender {
	t.Helper()
	var names []string
	var runs []sim.Result
	for name, seeds := range of {
		names = append(names, name)
		for i, s := range seeds {
			runs = append(runs, sim.Result{Scenario: "x", Policy: name, Seed: uint64(i), P99: time.Duration(s[0] * float64(time.Millisecond)), ErrorShare: s[1]})
		}
	}
	return contenders(names, report.Sum([]sim.Scenario{{Name: "x"}}, names, runs))
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what         string
		of           map[string][][2]float64
		simple, best string
	}{
		{
			"the best is the simplest that is as good",
			map[string][][2]float64{"roundrobin": {{90, 0}, {92, 0}}, "leastrequest": {{70, 0}, {71, 0}}, "adaptive": {{50, 0}, {51, 0}}},
			"adaptive", "adaptive",
		},
		{
			"two percent are not worth it",
			map[string][][2]float64{"roundrobin": {{51, 0}, {51, 0}}, "adaptive": {{50, 0}, {50, 0}}},
			"roundrobin", "adaptive",
		},
		{
			"what seeds do not agree on is chance",
			map[string][][2]float64{"roundrobin": {{60, 0}, {50, 0}, {65, 0}}, "adaptive": {{50, 0}, {60, 0}, {50, 0}}},
			"roundrobin", "adaptive",
		},
		{
			"seeds differ, but always in the same way",
			map[string][][2]float64{"roundrobin": {{55, 0}, {110, 0}, {220, 0}}, "adaptive": {{50, 0}, {100, 0}, {200, 0}}},
			"adaptive", "adaptive",
		},
		{
			"fast errors are no latency",
			map[string][][2]float64{"leastrequest": {{20, .1}, {20, .1}}, "adaptive": {{50, .001}, {50, .001}}},
			"adaptive", "adaptive",
		},
		{
			"two seeds differ much, but no chance makes anybody so slow",
			map[string][][2]float64{"roundrobin": {{1000, 0}, {200, 0}}, "adaptive": {{50, 0}, {60, 0}}},
			"adaptive", "adaptive",
		},
		{
			"one seed",
			map[string][][2]float64{"roundrobin": {{60, 0}}, "random": {{50, 0}}},
			"random", "random",
		},
	} {
		simple, best := advise(results(t, c.of))
		if simple.name != c.simple || best.name != c.best {
			t.Errorf("%s: simplest %s, best %s", c.what, simple.name, best.name)
		}
	}
}

func TestSimplicity(t *testing.T) {
	t.Parallel()
	rank := -1
	for _, name := range []string{"roundrobin", "random", "weighted-round-robin", "least_request", "peakewma", "adaptive", "probing-hcl", "maglev"} {
		if r := simplicity(name); r <= rank {
			t.Errorf("%s has rank %d, and the one before %d", name, r, rank)
		} else {
			rank = r
		}
	}
}

// TestPlay plays a small fleet with uneven servers: the same every time, with a
// row for each and advice that fits.
func TestPlay(t *testing.T) {
	t.Parallel()
	f, err := decode("mine.json", []byte(`{
		"name": "mine", "servers": [{"count": 3}, {"count": 3, "speed": 0.4}], "clients": 2,
		"rate": 1000, "warmup": "1s", "length": "5s", "seeds": 2
	}`))
	if err != nil {
		t.Fatal(err)
	}
	cast := Cast{References: sim.References()[:1], Ours: sim.Ours()}
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := f.Play(out, cast, 2, nil); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() {
		t.Errorf("two plays differ:\n%s\n%s", &first, &second)
	}
	text := first.String()
	for _, want := range append([]string{"mine: 6 servers, 2 clients, 1000 calls a second: 60 % of what the servers can do", "Which balancer for mine: "}, namesOf(cast.Ours)...) {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "mine: roundrobin.") || strings.Contains(text, "mine: random.") {
		t.Errorf("advises a balancer that drowns the slow servers:\n%s", text)
	}
	if err := f.Play(&first, Cast{}, 1, nil); err == nil {
		t.Error("gives advice without a balancer to advise")
	}
}
