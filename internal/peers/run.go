package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// plan says what to measure.
type plan struct {
	sizes      []int         // instances
	goroutines []int         // that pick at once
	surrounded []int         // and that make calls with something around them
	rounds     int           // in which all take turns
	span       time.Duration // of one measurement of picks
	stall      time.Duration // of picks beside changes, per system and round; none if zero
	stallSize  int
	stallTurns int
	callers    []int // that call end to end at once
	wireRounds int
	wireSpan   time.Duration  // of one measurement of calls end to end
	only       *regexp.Regexp // names; all if nil
}

// run measures one size after the other, so that the memory of ten thousand
// instances is nobody's burden but theirs, and all systems of a size in turns.
type run struct {
	plan

	out   io.Writer
	rec   *record
	meter meter
	talk  talker
	errs  []error // rows that do not work: each is told once
	dead  map[string]bool
}

func newRun(p plan, out io.Writer) *run {
	return &run{plan: p, out: out, rec: &record{cells: make(map[cell]*samples)}, meter: meter{p.span}, talk: talker{span: p.wireSpan}, dead: make(map[string]bool)}
}

// all returns what was measured, and an error that names every row that failed.
func (r *run) all() ([]result, error) {
	if !r.asks(wireKind) {
		r.around()
	}
	if !r.asks(aroundKind) && !r.asks(wireKind) {
		for _, n := range r.sizes {
			r.size(n)
		}
	}
	if !r.asks(aroundKind) {
		r.wires()
	}
	return r.rec.results(), errors.Join(r.errs...)
}

func (r *run) fail(name string, n int, err error) {
	r.dead[name] = true
	r.errs = append(r.errs, fmt.Errorf("%s, %d instances: %w", name, n, err))
}

// asks reports whether the expression spells a kind, and thereby asks for no other.
func (r *run) asks(kind string) bool {
	return r.only != nil && strings.Contains(r.only.String(), kind)
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
	defer closeAll(subjects)
	start := time.Now()
	each := loops{n: n, rounds: r.roundsAt(n), goroutines: r.goroutines}
	r.loops(each.of("pick", func(s *subject) func(int) error { return s.pick }), subjects)
	r.loops(each.of("call", func(s *subject) func(int) error { return s.call }), subjects)
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
	all := slices.DeleteFunc(openers(), func(o opener) bool { return o.open == nil })
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
