// Package report sums up the simulator's runs, and prints them as tables and as
// JSON.
package report

import (
	"math"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// Reference is the policy that latencies are divided by.
const Reference = "central"

// Summary is all runs, by scenario and balancer.
type Summary struct {
	Scenarios []sim.Scenario // in the order of the tables' columns
	Balancers []string       // in the order of their rows
	Seeds     int

	// Hedging is likewise of the scenarios with second attempts, by ways to make a
	// call. It is nil if none was played.
	Hedging *Summary

	cells map[key]*Cell
}

type key struct{ balancer, scenario string }

// Cell is one balancer in one scenario: means over the seeds.
type Cell struct {
	P99Ratio, RatioCI  float64 // p99 over the reference's of the same seed, and half its 95 % interval; 0 without the reference
	MeanRatio          float64 // likewise, of the mean latency
	Mean, P50          time.Duration
	P99, P999          time.Duration
	Errors, ErrorsCI   float64 // share, in [0, 1]
	Goodput, Imbalance float64
	Watched            float64 // the bad server's share, in [0, 1]
	Messages           float64
	Extra, Won         float64 // second attempts per call, and the share of them that was first to succeed
	Recovered, Fair    float64
	Back               time.Duration // the mean of those seeds in which it came back; negative if it did in none

	Runs []sim.Result
}

// Sum sums up results, which may come in any order.
func Sum(scenarios []sim.Scenario, balancers []string, results []sim.Result) *Summary {
	s := &Summary{Scenarios: scenarios, Balancers: balancers, cells: make(map[key]*Cell)}
	reference := make(map[string]map[uint64]sim.Result)
	for _, r := range results {
		k := key{r.Policy, r.Scenario}
		if s.cells[k] == nil {
			s.cells[k] = &Cell{}
		}
		c := s.cells[k]
		c.Runs = append(c.Runs, r)
		s.Seeds = max(s.Seeds, len(c.Runs))
		if r.Policy == Reference {
			if reference[r.Scenario] == nil {
				reference[r.Scenario] = make(map[uint64]sim.Result)
			}
			reference[r.Scenario][r.Seed] = r
		}
	}
	for k, c := range s.cells {
		c.sum(reference[k.scenario])
	}
	return s
}

func (c *Cell) sum(reference map[uint64]sim.Result) {
	over := func(f func(sim.Result) float64) (mean, ci float64) {
		values := make([]float64, len(c.Runs))
		for i, r := range c.Runs {
			values[i] = f(r)
		}
		return Interval(values)
	}
	mean := func(f func(sim.Result) float64) float64 { m, _ := over(f); return m }
	last := func(f func(sim.Result) time.Duration) time.Duration {
		return time.Duration(mean(func(r sim.Result) float64 { return float64(f(r)) }))
	}
	if len(reference) > 0 {
		c.P99Ratio, c.RatioCI = over(func(r sim.Result) float64 { return float64(r.P99) / float64(reference[r.Seed].P99) })
		c.MeanRatio = mean(func(r sim.Result) float64 { return float64(r.Mean) / float64(reference[r.Seed].Mean) })
	}
	c.Errors, c.ErrorsCI = over(func(r sim.Result) float64 { return r.ErrorShare })
	c.Mean = last(func(r sim.Result) time.Duration { return r.Mean })
	c.P50 = last(func(r sim.Result) time.Duration { return r.P50 })
	c.P99 = last(func(r sim.Result) time.Duration { return r.P99 })
	c.P999 = last(func(r sim.Result) time.Duration { return r.P999 })
	c.Goodput = mean(func(r sim.Result) float64 { return r.Goodput })
	c.Imbalance = mean(func(r sim.Result) float64 { return r.Imbalance })
	c.Watched = mean(func(r sim.Result) float64 { return r.Watched })
	c.Messages = mean(func(r sim.Result) float64 { return r.Messages })
	c.Extra = mean(func(r sim.Result) float64 { return r.Extra })
	c.Won = mean(func(r sim.Result) float64 { return r.Won })
	c.Recovered = mean(func(r sim.Result) float64 { return r.Recovered })
	c.Fair = mean(func(r sim.Result) float64 { return r.Fair })
	back, n := time.Duration(0), 0
	for _, r := range c.Runs {
		if r.Back >= 0 {
			back += r.Back
			n++
		}
	}
	if c.Back = -1; n > 0 {
		c.Back = back / time.Duration(n)
	}
}

// Cell returns one; nil if it was not run.
func (s *Summary) Cell(balancer, scenario string) *Cell { return s.cells[key{balancer, scenario}] }

// Mean returns the geometric mean of a balancer's p99 ratios over those of the
// scenarios that which says, and how many those are.
func (s *Summary) Mean(balancer string, which func(sim.Scenario) bool) (mean float64, of int) {
	sum := 0.0
	for _, sc := range s.Scenarios {
		if c := s.Cell(balancer, sc.Name); c != nil && which(sc) && c.P99Ratio > 0 {
			sum += math.Log(c.P99Ratio)
			of++
		}
	}
	if of == 0 {
		return 0, 0
	}
	return math.Exp(sum / float64(of)), of
}

// Interval returns the mean of values and half its 95 % confidence interval, by
// Student's t; that is 0 for a single value, which says nothing about others.
func Interval(values []float64) (mean, half float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	if len(values) < 2 {
		return mean, 0
	}
	square := 0.0
	for _, v := range values {
		square += (v - mean) * (v - mean)
	}
	return mean, student(len(values)-1) * math.Sqrt(square/(n-1)/n)
}

// student is the 97.5 % quantile of Student's t.
func student(freedom int) float64 {
	t := [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228}
	if freedom <= len(t) {
		return t[freedom-1]
	}
	return 1.96 + 2.7/float64(freedom) // within 0.5 %
}
