package lb

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kitgen/kitgen/sd"
)

// rivals returns so many slots of equal cost.
func rivals(n int) []slot {
	p := new(Pool)
	slots := make([]slot, n)
	for i := range slots {
		id := fmt.Sprint(i)
		slots[i] = slot{node: &node{id: id, pool: p, load: new(load)}, in: &sd.Instance{ID: id}}
		slots[i].node.scores[byCost].store(1)
	}
	return slots
}

// Equals are picked equally often, and a node that is better than all others
// whenever it is drawn: with d of n different ones drawn, d times in n.
func TestContestIsFair(t *testing.T) {
	for _, c := range []struct{ d, n int }{{1, 2}, {2, 3}, {3, 4}, {8, 9}, {8, 10}, {8, 15}, {8, 16}, {8, 17}, {8, 33}, {8, 1000}, {7, 100}, {16, 40}} {
		for _, whole := range []int{0, 16} {
			slots := rivals(c.n)
			by := comparison{by: byCost, choices: c.d, whole: whole, blur: 2}.ready()
			contest := newContest(&by, slots)
			counts := make([]int, c.n)
			for range 100 * c.n {
				counts[contest.cheapest(contest, rand.Uint64())]++
			}
			uniformly(t, fmt.Sprintf("%d of %d equals", c.d, c.n), counts)

			slots[c.n/2].node.scores[byCost].store(0.5)
			won, rounds := 0, 20000
			for range rounds {
				if contest.cheapest(contest, rand.Uint64()) == c.n/2 {
					won++
				}
			}
			share := float64(c.d) / float64(c.n)
			if c.n <= whole {
				share = 1
			}
			if got := float64(won) / float64(rounds); got < share-0.03 || got > share+0.03 {
				t.Errorf("%d of %d, all up to %d: the best is picked %.3f of the time, want %.3f", c.d, c.n, whole, got, share)
			}
		}
	}
}

// A closed node is picked only where there are no others, and there is always
// somebody.
func TestContestOfClosed(t *testing.T) {
	for _, n := range []int{1, 2, 3, 16, 17, 100} {
		slots := rivals(n)
		by := comparison{by: byCost, choices: 8, whole: 16, blur: 2}.ready()
		contest := newContest(&by, slots)
		for i := range slots {
			if i > 0 {
				slots[i].node.inflight.Add(closed)
			}
		}
		for range 1000 {
			at := contest.cheapest(contest, rand.Uint64())
			if n <= 16 && at != 0 {
				t.Fatalf("%d: picked the closed %d", n, at)
			}
		}
		slots[0].node.inflight.Add(closed)
		for range 1000 {
			if at := contest.cheapest(contest, rand.Uint64()); at < 0 || at >= n {
				t.Fatalf("%d, all closed: picked %d", n, at)
			}
		}
	}
}

// What a pick goes by is the cost, raised by up to an eighth.
func TestContestCosts(t *testing.T) {
	by := comparison{by: byCost, choices: 8, blur: 3}.ready()
	for range 1000 {
		n := rivals(1)[0].node
		n.scores[byCost].store(rand.Float64() * 1e9)
		n.inflight.Store(rand.Int32N(1 << 29))
		got, base := by.cost(n, rand.Uint64()), n.scores[byCost].load()*(float64(n.inflight.Load())+1)
		if got < base*0.999999 || got > base*1.125001 {
			t.Fatalf("cost %v, want %v raised by up to an eighth", got, base)
		}
	}
}
