package lb

import (
	"math"
	"math/big"
	"testing"
)

func TestRoomFor(t *testing.T) {
	for _, test := range []struct{ factor, total, weight, weights, want int64 }{
		{1250, 0, 1, 10, 1},
		{1250, 7, 1, 10, 1}, // 1.25 · 8 / 10 is 1, exactly
		{1250, 8, 1, 10, 2},
		{1000, 9, 1, 10, 1},
		{1000, 10, 1, 10, 2},
		{2000, 99, 3, 10, 60},
		{1250, 100, 0, 10, 0},
		{1250, 100, 1, 0, 0},
		{1250, -1, 1, 10, 1},
		{1250, math.MaxInt32, math.MaxInt32, math.MaxInt32, 2684354560},
	} {
		if got := roomFor(test.factor, test.total, test.weight, test.weights); got != test.want {
			t.Errorf("room for %+v is %d", test, got)
		}
	}
	d := dice{1}
	for range 10_000 {
		factor, total := 1000+int64(d.below(4000)), int64(d.below(1<<30))
		weights := 1 + int64(d.below(1<<30))
		weight := 1 + int64(d.below(int(weights)))
		want := new(big.Rat).SetFrac64(factor*(total+1), 1000)
		want.Mul(want, big.NewRat(weight, weights))
		got := big.NewRat(roomFor(factor, total, weight, weights), 1)
		if d := new(big.Rat).Sub(got, want); d.Sign() < 0 || d.Cmp(big.NewRat(1, 1)) >= 0 {
			t.Fatalf("room for %d, %d, %d of %d is %v, want %v rounded up", factor, total, weight, weights, got, want)
		}
	}
}

// Calls come and go, and never does a node have more in flight than its bound,
// nor does nobody have room.
func TestProperty7BoundedLoadHolds(t *testing.T) {
	const factor, nodes = 1250, 7
	weights := []int{1, 2, 3, 1, 5, 1, 1}
	whole := int64(sumOf(weights))
	for _, table := range tables {
		built := table.build(serverIDs(nodes), weights)
		inflight, total := make([]int64, nodes), int64(0)
		var under []int // who serves each call in flight
		d := dice{2}
		for range 20_000 {
			if len(under) > 0 && d.below(2*len(under)+100) < len(under) { // up to about a hundred
				k := d.below(len(under))
				inflight[under[k]]--
				total--
				under[k] = under[len(under)-1]
				under = under[:len(under)-1]
				continue
			}
			key := hashKey("the popular one")
			if d.below(3) == 0 {
				key = d.roll()
			}
			i, try := built.at(key, 0), 0
			for inflight[i]+1 > roomFor(factor, total, int64(weights[i]), whole) {
				try++
				if i = built.at(key, try); i < 0 {
					t.Fatalf("%s: nobody has room with %v in flight", table.name, inflight)
				}
			}
			inflight[i]++
			bound := math.Ceil(float64(factor*(total+1)*int64(weights[i])) / float64(1000*whole))
			if float64(inflight[i]) > bound {
				t.Fatalf("%s: %d in flight at node %d, want no more than %v", table.name, inflight[i], i, bound)
			}
			total++
			under = append(under, i)
		}
	}
}
