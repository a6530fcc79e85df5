package main

import (
	"math/rand/v2"
	"runtime"
	"time"
)

// changes measures one instance more and one less, in turns with the floor.
func (r *run) changes(n int, subjects []*subject) {
	var floor *subject
	var turn []*subject
	for _, s := range subjects {
		switch {
		case s.add == nil:
		case s.system == floorName:
			floor = s
		case r.wants(s.change("add")) || r.wants(s.change("remove")):
			turn = append(turn, s)
		}
	}
	if floor == nil || len(turn) == 0 {
		return
	}
	for _, s := range append([]*subject{floor}, turn...) { // in the order of the report
		r.changeAllocs(n, s)
	}
	for range r.roundsAt(n) {
		rand.Shuffle(len(turn), func(i, k int) { turn[i], turn[k] = turn[k], turn[i] })
		for _, s := range turn {
			least := r.pairs(n, floor)
			took := r.pairs(n, s)
			r.addPairs(n, floor, least, least)
			r.addPairs(n, s, took, least)
		}
	}
}

// pair is what adding and removing an instance took, in nanoseconds; zero if it
// could not be measured.
type pair struct{ add, remove float64 }

// pairs changes the set up and down for the span of a measurement, and returns
// the medians: some of the changes happen on goroutines of their own, and one
// that waited for a processor says nothing.
func (r *run) pairs(n int, s *subject) pair {
	if r.dead[s.change("add")] {
		return pair{}
	}
	runtime.GC()
	var adds, removes []float64
	for begun := time.Now(); len(adds) == 0 || time.Since(begun) < r.span && len(adds) < 1000; {
		add, err := timed(func(int) error { return s.add() }, 1, 1)
		remove := time.Duration(0)
		if err == nil {
			remove, err = timed(func(int) error { return s.remove() }, 1, 1)
		}
		if err == nil && s.settle != nil {
			err = s.settle()
		}
		if err != nil {
			r.fail(s.change("add"), n, err)
			return pair{}
		}
		adds, removes = append(adds, float64(add)), append(removes, float64(remove))
	}
	return pair{median(adds), median(removes)}
}

func (r *run) addPairs(n int, s *subject, took, floor pair) {
	if took.add == 0 {
		return
	}
	add, remove := cell{s.change("add"), n, 1}, cell{s.change("remove"), n, 1}
	r.rec.add(add, took.add, floor.add)
	r.rec.add(remove, took.remove, floor.remove)
}

// changeAllocs counts the allocations of a change, half of those of a pair.
func (r *run) changeAllocs(n int, s *subject) {
	both, err := allocs(func(int) error {
		if err := s.add(); err != nil {
			return err
		}
		return s.remove()
	}, 1)
	if err == nil && s.settle != nil {
		err = s.settle()
	}
	if err != nil {
		r.fail(s.change("add"), n, err)
		return
	}
	for _, what := range []string{"add", "remove"} {
		r.rec.at(cell{s.change(what), n, 1}).memory = memory{both.allocs / 2, both.bytes / 2}
	}
}
