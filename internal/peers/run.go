package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// plan says what to measure.
type plan struct {
	sizes      []int         // instances
	goroutines []int         // that pick at once
	rounds     int           // in which all take turns
	span       time.Duration // of one measurement of picks
	stall      time.Duration // of picks beside changes, per system and round; none if zero
	stallSize  int
	stallTurns int
	only       *regexp.Regexp // names; all if nil
}

// beside is how many measurements follow one of the floor and precede the next.
const beside = 5

// run measures one size after the other, so that the memory of ten thousand
// instances is nobody's burden but theirs, and all systems of a size in turns.
type run struct {
	plan

	out   io.Writer
	rec   *record
	meter meter
	errs  []error // rows that do not work: each is told once
	dead  map[string]bool
}

func newRun(p plan, out io.Writer) *run {
	return &run{plan: p, out: out, rec: &record{cells: make(map[cell]*samples)}, meter: meter{p.span}, dead: make(map[string]bool)}
}

// all returns what was measured, and an error that names every row that failed.
func (r *run) all() ([]result, error) {
	for _, n := range r.sizes {
		r.size(n)
	}
	return r.rec.results(), errors.Join(r.errs...)
}

func (r *run) fail(name string, n int, err error) {
	r.dead[name] = true
	r.errs = append(r.errs, fmt.Errorf("%s, %d instances: %w", name, n, err))
}

func (r *run) wants(name string) bool {
	return !r.dead[name] && (r.only == nil || r.only.MatchString(name))
}

// large is from how many instances on a collection of what all systems hold
// takes a tenth of a second, and setting them up and changing them most of the
// time there is.
const large = 5000

// roundsAt is how many rounds there are: half for a large set, but three.
func (r *run) roundsAt(n int) int {
	if n < large {
		return r.rounds
	}
	return min(r.rounds, max(3, r.rounds/2))
}

func (r *run) size(n int) {
	subjects := r.open(n)
	defer func() {
		for _, s := range subjects {
			if s.close != nil {
				s.close()
			}
		}
		runtime.GC()
	}()
	start := time.Now()
	r.loops(n, "pick", subjects, func(s *subject) func(int) error { return s.pick })
	r.loops(n, "call", subjects, func(s *subject) func(int) error { return s.call })
	fmt.Fprintf(r.out, "bench: %d instances: picks and calls measured in %.0f s\n", n, time.Since(start).Seconds())
	if n >= 10 {
		start = time.Now()
		r.changes(n, subjects)
		fmt.Fprintf(r.out, "bench: %d instances: changes measured in %.0f s\n", n, time.Since(start).Seconds())
	}
	if n == r.stallSize && r.stall > 0 {
		r.stalls(n, subjects)
	}
}

// needed leaves out systems, which may take long to set up, if the expression
// spells the names of others.
func (r *run) needed() []opener {
	all := openers()
	if r.only == nil {
		return all
	}
	named := slices.DeleteFunc(slices.Clone(all), func(o opener) bool { return !strings.Contains(r.only.String(), o.name) })
	if len(named) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(o opener) bool {
		return o.name != floorName && !slices.ContainsFunc(named, func(n opener) bool { return n.name == o.name })
	})
}

// open makes all systems of a size. One that cannot be made is reported.
func (r *run) open(n int) (all []*subject) {
	for _, o := range r.needed() {
		if n >= large && o.quadratic && (r.only == nil || !strings.Contains(r.only.String(), o.name)) {
			fmt.Fprintf(r.out, "bench: %d instances: %s left out, for each connection that comes up makes a picker of all: minutes; -only %s has it\n", n, o.name, o.name)
			continue
		}
		start := time.Now()
		subjects, err := o.open(n)
		if err != nil {
			r.fail(o.name, n, err)
		}
		if took := time.Since(start); took > time.Second {
			fmt.Fprintf(r.out, "bench: %d instances: %s took %.1f s to set up\n", n, o.name, took.Seconds())
		}
		all = append(all, subjects...)
	}
	return all
}

// lane is one row of a group that takes turns.
type lane struct {
	name string
	loop func(int) error
	ns   map[int]float64 // by goroutines: the speed of the last measurement
}

// loops measures all loops of a kind, in every round those of one number of
// goroutines together, in an order that chance makes.
func (r *run) loops(n int, kind string, subjects []*subject, of func(*subject) func(int) error) {
	var floor *lane
	var lanes []*lane
	single := make(map[string]bool)
	for _, s := range subjects {
		l := &lane{name: s.name(kind), loop: of(s), ns: make(map[int]float64)}
		if l.loop == nil || s.system != floorName && !r.wants(l.name) || !r.prepare(l, n) {
			continue
		}
		if s.system == floorName {
			floor = l
			continue
		}
		single[l.name] = s.single
		lanes = append(lanes, l)
	}
	if floor == nil || len(lanes) == 0 {
		return
	}
	for range r.roundsAt(n) {
		for _, g := range r.goroutines {
			turn := slices.DeleteFunc(slices.Clone(lanes), func(l *lane) bool { return g > 1 && single[l.name] })
			rand.Shuffle(len(turn), func(i, k int) { turn[i], turn[k] = turn[k], turn[i] })
			r.turn(n, g, floor, turn)
		}
	}
}

// prepare warms a row up, and counts its allocations.
func (r *run) prepare(l *lane, n int) bool {
	ns, err := r.meter.speed(l.loop)
	if err == nil {
		var count int
		if count, err = allocs(l.loop, max(100, r.meter.ops(ns)/10)); err == nil {
			for _, g := range r.goroutines {
				l.ns[g] = ns
				r.rec.at(cell{l.name, n, g}).allocs = count
			}
			return true
		}
	}
	r.fail(l.name, n, err)
	return false
}

// turn measures each row once, a few at a time between two measurements of the
// floor, whose mean is what they are set against.
func (r *run) turn(n, g int, floor *lane, turn []*lane) {
	runtime.GC() // nobody pays for what those before left behind
	before := r.once(floor, n, g)
	if before == 0 {
		return
	}
	r.rec.add(cell{floor.name, n, g}, before, before)
	for few := range slices.Chunk(turn, beside) {
		if n < large {
			runtime.GC()
		}
		took := make([]float64, len(few))
		for i, l := range few {
			took[i] = r.once(l, n, g)
		}
		after := r.once(floor, n, g)
		r.rec.add(cell{floor.name, n, g}, after, after)
		for i, l := range few {
			if took[i] > 0 {
				r.rec.add(cell{l.name, n, g}, took[i], (before+after)/2)
			}
		}
		before = after
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
