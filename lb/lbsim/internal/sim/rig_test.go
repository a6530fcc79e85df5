package sim

import (
	"math/rand/v2"
	"testing"
	"time"
)

// play runs a scenario, or ends the test.
func play(t *testing.T, sc Scenario, p Policy, seed uint64) Result {
	t.Helper()
	r, err := Run(sc, p, seed)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// named returns one of all policies that this package has.
func named(t *testing.T, name string) Policy {
	t.Helper()
	for _, p := range append(References(), Ours()...) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no policy %s", name)
	return Policy{}
}

// scenario returns one of the catalogue, or of those with second attempts, cut to
// a length.
func scenario(t *testing.T, name string, length time.Duration) Scenario {
	t.Helper()
	for _, sc := range append(Catalogue(), Hedging()...) {
		if sc.Name == name {
			sc.Length = length
			return sc
		}
	}
	t.Fatalf("there is no scenario %s", name)
	return Scenario{}
}

// sometimes returns all of some, or, with the race detector, the first few: it
// makes a change of coroutines a hundred times slower. Without it, everything is
// played.
func sometimes[T any](all []T, few int) []T {
	if racing {
		return all[:few]
	}
	return all
}

// choosing is a policy by a function that picks among those in flight.
func choosing(name string, pick func(inflight []int, r *rand.Rand) int) Policy {
	return Policy{Name: name, New: func(e Env) Caller {
		return &chooser{make([]int, e.Servers), e.Rand, pick}
	}}
}

type chooser struct {
	inflight []int
	r        *rand.Rand
	pick     func([]int, *rand.Rand) int
}

func (c *chooser) Start() (server int, done func(bool)) {
	n := c.pick(c.inflight, c.r)
	c.inflight[n]++
	return n, func(bool) { c.inflight[n]-- }
}

func (c *chooser) Close() {}

func first() Policy {
	return choosing("first", func([]int, *rand.Rand) int { return 0 })
}

func anyOne() Policy {
	return choosing("any one", func(inflight []int, r *rand.Rand) int { return r.IntN(len(inflight)) })
}

func twoChoices() Policy {
	return choosing("two choices", func(inflight []int, r *rand.Rand) int {
		a, b := r.IntN(len(inflight)), r.IntN(len(inflight))
		if inflight[b] < inflight[a] {
			return b
		}
		return a
	})
}
