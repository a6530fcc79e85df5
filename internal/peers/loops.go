package main

import (
	"math/rand/v2"
	"runtime"
	"slices"
)

// fewRows is how many measurements follow one of the floor and precede the next.
const fewRows = 5

// loops says which loops of the subjects to measure, and how.
type loops struct {
	kind       string
	n, rounds  int
	goroutines []int
	loop       func(*subject) func(ops int) error // nil if it has none
}

func (l loops) of(kind string, loop func(*subject) func(ops int) error) loops {
	l.kind, l.loop = kind, loop
	return l
}

// lane is one row of a group that takes turns.
type lane struct {
	*subject

	name string
	loop func(int) error
	ns   map[int]float64 // by goroutines: the speed of the last measurement
}

// loops measures all loops of a kind, in every round those of one number of
// goroutines together, in an order that chance makes.
func (r *run) loops(what loops, subjects []*subject) {
	var floor *lane
	var lanes []*lane
	for _, s := range r.chosen(what, subjects) {
		l := &lane{subject: s, name: s.name(what.kind), loop: what.loop(s), ns: make(map[int]float64)}
		switch {
		case !r.prepare(l, what):
		case s.system == floorName:
			floor = l
		default:
			lanes = append(lanes, l)
		}
	}
	if floor == nil || len(lanes) == 0 {
		return
	}
	for range what.rounds {
		for _, g := range what.goroutines {
			turn := slices.DeleteFunc(slices.Clone(lanes), func(l *lane) bool { return g > 1 && l.single })
			rand.Shuffle(len(turn), func(i, k int) { turn[i], turn[k] = turn[k], turn[i] })
			r.turn(what.n, g, floor, turn)
		}
	}
}

// chosen leaves out those that are not asked for, nor needed by others: the
// floor is by all, and by some what they are set against.
func (r *run) chosen(what loops, subjects []*subject) []*subject {
	needed := make(map[string]bool)
	for _, s := range subjects {
		if s.beside != "" && r.wants(s.name(what.kind)) {
			needed[s.beside] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(subjects), func(s *subject) bool {
		name := s.name(what.kind)
		return what.loop(s) == nil || s.system != floorName && !needed[name] && !r.wants(name)
	})
}

// prepare warms a row up, and counts its allocations.
func (r *run) prepare(l *lane, what loops) bool {
	ns, err := r.meter.speed(l.loop)
	if err == nil {
		var took memory
		if took, err = allocs(l.loop, max(100, r.meter.ops(ns)/10)); err == nil {
			for _, g := range what.goroutines {
				l.ns[g] = ns
				s := r.rec.at(cell{l.name, what.n, g})
				s.memory, s.besideName, s.limits = took, l.beside, l.limits
			}
			return true
		}
	}
	r.fail(l.name, what.n, err)
	return false
}

// turn measures each row once, a few at a time between two measurements of the
// floor, whose mean is what they are set against. Those that are also set
// against another row are so when all had their turn.
func (r *run) turn(n, g int, floor *lane, turn []*lane) {
	runtime.GC() // nobody pays for what those before left behind
	before := r.once(floor, n, g)
	if before == 0 {
		return
	}
	r.rec.add(cell{floor.name, n, g}, before, before)
	took := make(map[string]float64, len(turn))
	for few := range slices.Chunk(turn, fewRows) {
		if n < large {
			runtime.GC()
		}
		for _, l := range few {
			took[l.name] = r.once(l, n, g)
		}
		after := r.once(floor, n, g)
		r.rec.add(cell{floor.name, n, g}, after, after)
		for _, l := range few {
			if took[l.name] > 0 {
				r.rec.add(cell{l.name, n, g}, took[l.name], (before+after)/2)
			}
		}
		before = after
	}
	for _, l := range turn {
		if mine, other := took[l.name], took[l.beside]; mine > 0 && other > 0 {
			s := r.rec.at(cell{l.name, n, g})
			s.beside = append(s.beside, mine/other)
		}
	}
}

// once measures a row, and returns 0 if it fails.
func (r *run) once(l *lane, n, g int) float64 {
	if r.dead[l.name] {
		return 0
	}
	ns, err := r.meter.measure(l.loop, g, r.meter.ops(l.ns[g]))
	if err != nil {
		r.fail(l.name, n, err)
		return 0
	}
	l.ns[g] = ns
	return ns
}
