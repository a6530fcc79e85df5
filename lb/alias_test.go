package lb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// chances returns how likely the table draws each index, by adding up its cells.
func chances(t aliasTable) []float64 {
	all := make([]float64, len(t))
	for i, c := range t {
		keep := float64(c.keep) / (1 << 32)
		all[i] += keep / float64(len(t))
		all[c.other] += (1 - keep) / float64(len(t))
	}
	return all
}

func TestProperty2AliasChances(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sets := map[string][]int{
		"one":                {5},
		"1 and 2^31":         {1, math.MaxInt32},
		"2^31 and 1":         {math.MaxInt32, 1},
		"1 among 2^31":       append([]int{1}, slices.Repeat([]int{math.MaxInt32}, 999)...),
		"2^31 among 1":       append([]int{math.MaxInt32}, slices.Repeat([]int{1}, 9999)...),
		"zeros":              {0, 3, 0, 0, 4, 0},
		"zeros at the end":   {7, 0, 0, 0, 0},
		"negative":           {-3, 1, 1},
		"ten thousand alike": slices.Repeat([]int{1_000_000}, 10000),
	}
	for range 200 {
		weights := make([]int, 1+r.IntN(50))
		for i := range weights {
			weights[i] = r.IntN(1+r.IntN(1_000_000)) * r.IntN(3)
		}
		weights[r.IntN(len(weights))] = 1
		sets[fmt.Sprint(weights)] = weights
	}
	for name, weights := range sets {
		total := 0.0
		for _, w := range weights {
			total += float64(max(w, 0))
		}
		got := chances(newAliasTable(weights))
		for i, w := range weights {
			want := float64(max(w, 0)) / total
			switch {
			case w <= 0 && got[i] != 0:
				t.Errorf("%s: weight %d is drawn with a chance of %g", name, w, got[i])
			case w > 0 && got[i] == 0:
				t.Errorf("%s: weight %d is never drawn", name, w)
			case math.Abs(got[i]-want) > 0x1p-32:
				t.Errorf("%s: weight %d is drawn with a chance of %g, want %g", name, w, got[i], want)
			}
		}
	}
	for _, weights := range [][]int{nil, {}, {0}, {0, 0}, {-1, 0}} {
		if got := newAliasTable(weights); got != nil {
			t.Errorf("weights %v: %v, want no table", weights, got)
		}
	}
}

func TestAliasFitsTheWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 3, 10, 1000, 10000} {
		weights := make([]int, n)
		for i := range weights {
			weights[i] = 1 + r.IntN(100)
		}
		weights[n/2] = 0
		if n == 1 {
			weights[0] = 1
		}
		table, counts, draws := newAliasTable(weights), make([]int, n), 200*n
		for range draws {
			counts[table.pick(r.Uint64())]++
		}
		if counts[n/2] > 0 && n > 1 {
			t.Errorf("n=%d: weight 0 was drawn", n)
		}
		wantFit(t, fmt.Sprintf("n=%d", n), counts, weights)
	}
}

// wantFit checks by Pearson's chi-square that counts are like weights. The
// limit is five standard deviations: one honest table in millions fails.
func wantFit(t *testing.T, what string, counts, weights []int) {
	t.Helper()
	chi, free := 0.0, -1.0
	for i, w := range weights {
		if w == 0 {
			continue
		}
		want := float64(sumOf(counts)) * float64(w) / float64(sumOf(weights))
		chi += (float64(counts[i]) - want) * (float64(counts[i]) - want) / want
		free++
	}
	if limit := free + 5*math.Sqrt(2*free) + 10; chi > limit {
		t.Errorf("%s: chi-square is %.1f, want less than %.1f", what, chi, limit)
	}
}

func TestAliasPickAllocatesNothing(t *testing.T) {
	table, r := newAliasTable([]int{3, 1, 2}), dice{1}
	if got := testing.AllocsPerRun(100, func() { table.pick(r.roll()) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkAlias(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		weights := make([]int, n)
		for i := range weights {
			weights[i] = 1 + i%100
		}
		b.Run(fmt.Sprintf("build/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				newAliasTable(weights)
			}
		})
		b.Run(fmt.Sprintf("pick/n=%d", n), func(b *testing.B) {
			table, r, sum := newAliasTable(weights), dice{1}, 0
			b.ReportAllocs()
			for b.Loop() {
				sum += table.pick(r.roll())
			}
		})
	}
}
