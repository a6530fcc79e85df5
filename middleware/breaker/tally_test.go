package breaker

import (
	"math"
	"sync"
	"testing"
)

func TestTally(t *testing.T) {
	var a tally
	want := func(slot uint32, want int) {
		t.Helper()
		if got := a.sum(slot); got != want {
			t.Errorf("%d in the window that ends with slot %d, want %d", got, slot, want)
		}
	}
	want(0, 0)
	want(1000, 0)
	for slot := range uint32(30) {
		for range slot {
			a.add(slot)
		}
	}
	want(29, 20+21+22+23+24+25+26+27+28+29)
	want(30, 21+22+23+24+25+26+27+28+29)
	want(38, 29)
	want(39, 0)
	a.add(39)
	want(39, 1)
	a.add(29) // late: slot 39 has its place
	want(39, 1)
}

func TestTallyNeverOverflows(t *testing.T) {
	var a tally
	a[3].Store(3<<32 | math.MaxUint32)
	a.add(3)
	if got := a.sum(3); got != math.MaxUint32 {
		t.Errorf("sum = %d", got)
	}
	last := uint32(math.MaxUint32) // then the slots' numbers begin anew
	a = tally{}
	a[last%slots].Store(uint64(last)<<32 | 7)
	a.add(0)
	if got := a.sum(1); got != 8 {
		t.Errorf("sum = %d across the end of the numbers, want 8", got)
	}
}

func TestTallyInParallel(t *testing.T) {
	var a tally
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for slot := range uint32(5) {
				for range 1000 {
					a.add(slot)
					a.sum(slot)
				}
			}
		})
	}
	wg.Wait()
	if got := a.sum(4); got != 8*5*1000 {
		t.Errorf("sum = %d, want %d", got, 8*5*1000)
	}
}
