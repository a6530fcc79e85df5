package fleet

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// Differences below the first of each are not worth a less simple balancer,
// however sure they are; those above the second are not put down to chance,
// however few the seeds are.
const (
	sameLatency, otherLatency = 1.03, 1.2
	sameErrors, otherErrors   = 0.0005, 0.005 // of all calls
)

// simplest lists our balancers by how little there is to know about them, by
// what their names begin with.
func simplest() []string {
	return []string{
		"roundrobin", "random", "weightedroundrobin", "weightedrandom", "leastrequest", "peakewma", "adaptive", "probing",
	}
}

// simplicity ranks a balancer, best first; the unknown come last.
func simplicity(name string) int {
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace(name)
	rank := len(simplest())
	for i, s := range simplest() {
		if strings.HasPrefix(plain, s) {
			rank = i
		}
	}
	return rank
}

// contender is a balancer with its runs, in the order of the seeds.
type contender struct {
	name string
	runs []sim.Result
	cell *report.Cell
}

func contenders(names []string, s *report.Summary) (all []contender) {
	for _, name := range names {
		c := s.Cell(name, s.Scenarios[0].Name)
		if c == nil {
			continue
		}
		runs := slices.SortedFunc(slices.Values(c.Runs), func(a, b sim.Result) int { return int(a.Seed) - int(b.Seed) })
		all = append(all, contender{name, runs, c})
	}
	return all
}

// advise returns the simplest of all that cannot be told from the best, and the
// best: of those with as few errors as any, the one with the least p99.
func advise(all []contender) (simple, best contender) {
	fewest := slices.MinFunc(all, func(a, b contender) int { return compare(a.cell.Errors, b.cell.Errors) })
	all = keep(all, func(c contender) bool { return asFew(c, fewest) })
	best = slices.MinFunc(all, func(a, b contender) int { return compare(float64(a.cell.P99), float64(b.cell.P99)) })
	all = keep(all, func(c contender) bool { return asFast(c, best) })
	simple = slices.MinFunc(all, func(a, b contender) int { return simplicity(a.name) - simplicity(b.name) })
	return simple, best
}

func keep(all []contender, which func(contender) bool) []contender {
	return slices.DeleteFunc(slices.Clone(all), func(c contender) bool { return !which(c) })
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// asFew says whether c has no more errors than the best, seed by seed, since all
// balancers meet the same calls and faults: what differs between seeds is no
// difference between balancers.
func asFew(c, best contender) bool {
	more, half := report.Interval(pairs(c, best, func(c, best sim.Result) float64 { return c.ErrorShare - best.ErrorShare }))
	return more <= min(max(sameErrors, half), otherErrors)
}

// asFast is asFew for the p99, of which it takes the ratio.
func asFast(c, best contender) bool {
	more, half := report.Interval(pairs(c, best, func(c, best sim.Result) float64 {
		return math.Log(float64(max(c.P99, 1)) / float64(max(best.P99, 1)))
	}))
	return more <= min(max(math.Log(sameLatency), half), math.Log(otherLatency))
}

func pairs(c, best contender, f func(c, best sim.Result) float64) (values []float64) {
	for i := range min(len(c.runs), len(best.runs)) {
		values = append(values, f(c.runs[i], best.runs[i]))
	}
	return values
}

// sentence says which balancer to use, and why.
func sentence(fleet string, all []contender) string {
	simple, best := advise(all)
	if simple.name != best.name {
		return fmt.Sprintf("Which balancer for %s: %s. It is the simplest whose p99 (%s) and errors (%s) cannot be told from those of the best, %s (%s, %s).",
			fleet, simple.name, short(simple.cell.P99), percent(simple.cell.Errors), best.name, short(best.cell.P99), percent(best.cell.Errors))
	}
	said := fmt.Sprintf("Which balancer for %s: %s, with a p99 of %s and %s errors.", fleet, best.name, short(best.cell.P99), percent(best.cell.Errors))
	least := slices.MinFunc(all, func(a, b contender) int { return simplicity(a.name) - simplicity(b.name) })
	if least.name == best.name {
		return said + " No other is better, and none is simpler."
	}
	return said + fmt.Sprintf(" No simpler one is as good: %s, the simplest, has %s and %s.", least.name, short(least.cell.P99), percent(least.cell.Errors))
}

// short writes a latency with three digits or so.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.2f ms", d.Seconds()*1e3)
}

func percent(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }
