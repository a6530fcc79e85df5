package peers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGoKitBeginsAtTheFirst(t *testing.T) {
	t.Parallel()
	var w world
	got := sequence(newGoKitRoundRobin(w.env(3)), 5)
	if diff := cmp.Diff([]int{0, 1, 2, 0, 1}, got); diff != "" {
		t.Error(diff)
	}
}

// TestSmooth is the sequence that NGINX documents for weights 5, 1 and 1.
func TestSmooth(t *testing.T) {
	t.Parallel()
	var w world
	got := sequence(newSmooth(w.env(3, 5, 1, 1)), 7)
	if diff := cmp.Diff([]int{0, 0, 1, 0, 2, 0, 0}, got); diff != "" {
		t.Error(diff)
	}
}

// TestKitexRepeatsACycle that has every server as often as it weighs, and begins
// with a server that chance chose.
func TestKitexRepeatsACycle(t *testing.T) {
	t.Parallel()
	var w world
	env := w.env(3, 5, 1, 1)
	first := map[int]bool{}
	for range 30 {
		b := newKitexRoundRobin(env)
		one, two := sequence(b, 7), sequence(b, 7)
		if diff := cmp.Diff(one, two); diff != "" {
			t.Fatal(diff)
		}
		counts := make([]int, 3)
		for _, s := range one {
			counts[s]++
		}
		if diff := cmp.Diff([]int{5, 1, 1}, counts); diff != "" {
			t.Fatal(diff)
		}
		first[one[2]] = true
	}
	if len(first) < 2 {
		t.Error("thirty pickers begin alike: the servers are not rotated")
	}
}

func TestRandomIsUniform(t *testing.T) {
	t.Parallel()
	var w world
	for i, n := range picks(newRandom(w.env(4)), 4, 10_000) {
		near(t, "picks of "+string(rune('a'+i)), n, 10_000, .25)
	}
}
