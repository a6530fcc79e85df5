package lb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// weightSets are weights of many kinds: equal, random, skewed, with zeros.
func weightSets(r *rand.Rand) [][]int {
	sets := [][]int{
		{1}, {7}, {1, 1}, {5, 1, 1}, {2, 1, 1}, {50, 1}, {1, 50}, {3, 0, 2}, {0, 0, 4}, {10, 10, 10, 10},
		{1, 2, 3, 4, 5, 6, 7}, {999, 1}, {1, 65535}, {97, 89, 83, 79}, {100, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	}
	for range 300 {
		w := make([]int, 1+r.IntN(40))
		kind, top := r.IntN(3), 1+r.IntN(20)
		for i := range w {
			switch kind {
			case 0:
				w[i] = 1 + r.IntN(top)
			case 1: // Zipf
				w[i] = max(1, 200/(i+1))
			case 2:
				w[i] = 1 + 50*(r.IntN(8)/7)
			}
		}
		r.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
		sets = append(sets, w)
	}
	return sets
}

func sumOf(weights []int) (sum int) {
	for _, w := range weights {
		sum += w
	}
	return sum
}

// cycle returns the schedule of weights with the usual longest cycle.
func cycle(weights []int) schedule { return newSchedule(weights, longestCycle(len(weights))) }

func TestProperty1WindowFairness(t *testing.T) {
	worst := 0.0
	for _, weights := range weightSets(rand.New(rand.NewPCG(1, 1))) {
		s, total := cycle(weights), sumOf(weights)
		if total%len(s) != 0 {
			t.Fatalf("weights %v: a cycle of %d, which does not divide %d", weights, len(s), total)
		}
		counts := make([]int, len(weights))
		for at := range 2 * len(s) {
			counts[s[at%len(s)]]++
			for i, w := range weights {
				off := math.Abs(float64(counts[i]) - float64(at+1)*float64(w)/float64(total))
				worst = max(worst, off)
				if off >= 1 {
					t.Fatalf("weights %v: after %d turns, %d has had %d, which is %.3f off", weights, at+1, i, counts[i], off)
				}
			}
		}
		for i, w := range weights { // so every window of a cycle's length is exact too
			if counts[i]*total != 2*w*len(s) {
				t.Fatalf("weights %v: %d has %d turns in two cycles of %d", weights, i, counts[i], len(s))
			}
		}
	}
	t.Logf("worst distance from the share: %.3f", worst)
}

func TestProperty1NoLongRuns(t *testing.T) {
	for _, weights := range weightSets(rand.New(rand.NewPCG(2, 2))) {
		s := cycle(weights)
		most, total := slices.Max(weights), sumOf(weights)
		if most == total {
			continue
		}
		allowed := max((total-1)/(total-most), 2) // ⌈most/(total-most)⌉
		if got := longestRun(s); got > allowed {
			t.Errorf("weights %v: %d in a row, want no more than %d", weights, got, allowed)
		}
		if got := longestRun(append(slices.Clone(s), s...)); got > 2*allowed {
			t.Errorf("weights %v: %d in a row where cycles meet, want no more than %d", weights, got, 2*allowed)
		}
	}
}

// longestRun returns how often the same comes in a row.
func longestRun(s schedule) int {
	run, longest := 1, 1
	for i := 1; i < len(s); i++ {
		if s[i] != s[i-1] {
			run = 0
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func TestProperty1FirstPicksFollowTheWeights(t *testing.T) {
	weights := make([]int, 1100) // as reported of Envoy: the light ones were never called
	for i := range weights {
		weights[i] = 128
		if i%11 == 0 {
			weights[i] = 10
		}
	}
	s, light, clients := cycle(weights), 0, 1_000_000
	r := rand.New(rand.NewPCG(3, 3))
	for range clients {
		if s[r.IntN(len(s))]%11 == 0 {
			light++
		}
	}
	share := 100.0 * 10 / (100*10 + 1000*128)
	if got := float64(light) / float64(clients); math.Abs(got-share) > 5*math.Sqrt(share/float64(clients)) {
		t.Errorf("the light ones got %.5f of first picks, want %.5f", got, share)
	}
}

func TestProperty2Weights(t *testing.T) {
	for _, test := range []struct {
		name    string
		weights []int
	}{
		{"one against a million", []int{1, 1_000_000}},
		{"one against 2^31-1", []int{1, math.MaxInt32}},
		{"one among a thousand", append([]int{1}, slices.Repeat([]int{1_000_000}, 999)...)},
		{"primes", []int{999_983, 999_979, 999_961, 3}},
		{"a zero among many", append([]int{0}, slices.Repeat([]int{3, 7}, 500)...)},
		{"negative", []int{-5, 2, 3}},
		{"ten thousand", append([]int{1}, slices.Repeat([]int{999_983, 12}, 5000)...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := cycle(test.weights)
			n := len(test.weights)
			if limit := longestCycle(n) * 3 / 2; len(s) > limit {
				t.Fatalf("a cycle of %d, want no more than %d", len(s), limit)
			}
			waits := longestWaits(s, n)
			counts, total := make([]int, n), int64(0)
			for _, i := range s {
				counts[i]++
			}
			for _, w := range test.weights {
				total += int64(max(w, 0))
			}
			for i, w := range test.weights {
				switch {
				case w <= 0 && counts[i] > 0:
					t.Errorf("weight %d has %d turns", w, counts[i])
				case w <= 0:
				case counts[i] == 0:
					t.Errorf("weight %d has no turn", w)
				case total > int64(longestCycle(n)) && waits[i] > 300*n:
					t.Errorf("weight %d waits for %d turns of %d indices", w, waits[i], n)
				}
			}
		})
	}
	for _, weights := range [][]int{nil, {}, {0}, {0, 0, 0}, {-1}} {
		if s := cycle(weights); s != nil {
			t.Errorf("weights %v: %v, want no schedule", weights, s)
		}
	}
}

// longestWaits returns from how many turns to the next each index has to wait.
func longestWaits(s schedule, n int) []int {
	last, longest := make([]int, n), make([]int, n)
	for i := range last {
		last[i] = -1
	}
	for at := range 2 * len(s) {
		i := s[at%len(s)]
		if last[i] >= 0 {
			longest[i] = max(longest[i], at-last[i])
		}
		last[i] = at
	}
	return longest
}

// What is cut is as close to the weights as its length allows.
func TestScheduleOfCutWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{2, 10, 100, 1000, 10000} {
		weights, total := make([]int, n), 0.0
		for i := range weights {
			weights[i] = 500_000 + r.IntN(500_000)
			total += float64(weights[i])
		}
		s := cycle(weights)
		counts := make([]int, n)
		for _, i := range s {
			counts[i]++
		}
		for i, w := range weights {
			want := float64(w) / total * float64(len(s))
			if math.Abs(float64(counts[i])-want) > 1 {
				t.Errorf("n=%d: weight %d has %d turns of %d, want %.2f", n, w, counts[i], len(s), want)
			}
		}
	}
}

func TestScheduleGolden(t *testing.T) {
	for _, test := range []struct {
		weights []int
		want    string
	}{
		{[]int{5, 1, 1}, "aabaaca"},
		{[]int{1, 1, 5}, "ccaccbc"},
		{[]int{2, 1, 1}, "abac"},
		{[]int{1}, "a"},
		{[]int{40}, "a"},
		{[]int{0, 3}, "b"},
		{[]int{1, 1, 1, 1}, "abcd"},
		{[]int{100, 100, 0, 100}, "abd"},
		{[]int{300, 100, 200}, "acabac"},
		{[]int{1, 2, 3, 4}, "dcdbcdadcb"},
	} {
		var got strings.Builder
		for _, i := range cycle(test.weights) {
			got.WriteByte('a' + byte(i))
		}
		if got.String() != test.want {
			t.Errorf("weights %v: %s, want %s", test.weights, got.String(), test.want)
		}
	}
}

func BenchmarkScheduleBuild(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		for _, top := range []int{10, 100, 1_000_000} {
			b.Run(fmt.Sprintf("n=%d/weights to %d", n, top), func(b *testing.B) {
				r := rand.New(rand.NewPCG(5, 5))
				weights := make([]int, n)
				for i := range weights {
					weights[i] = 1 + r.IntN(top)
				}
				b.ReportAllocs()
				var s schedule
				for b.Loop() {
					s = cycle(weights)
				}
				b.ReportMetric(float64(len(s)), "turns")
			})
		}
	}
}
