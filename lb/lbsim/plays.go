package main

import (
	"fmt"
	"slices"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// play is some scenarios, and whom to play them with.
type play struct {
	scenarios []sim.Scenario
	policies  []sim.Policy
}

// plays returns what is asked for: of the scenarios that compare balancers, and of
// those that compare ways to make a second attempt.
func plays(o options) (balancing, hedging play, err error) {
	some, err := choose("scenario", o.scenarios, scenarios(), func(sc sim.Scenario) string { return sc.Name })
	if err != nil {
		return play{}, play{}, err
	}
	for _, sc := range some {
		if sc.Hedging {
			hedging.scenarios = append(hedging.scenarios, sc)
		} else {
			balancing.scenarios = append(balancing.scenarios, sc)
		}
	}
	balancing.policies, hedging.policies = policies(), sim.Hedges()
	if o.balancers != "" {
		if err := o.cast(&balancing, &hedging); err != nil {
			return play{}, play{}, err
		}
	}
	if !slices.ContainsFunc(balancing.policies, isReference) {
		balancing.policies = append([]sim.Policy{reference()}, balancing.policies...)
	}
	return balancing, hedging, nil
}

// cast leaves those that were named. Each scenario has one at least.
func (o options) cast(balancing, hedging *play) error {
	balancing.policies = append(balancing.policies, sim.Sticky()...)
	both := balancing.policies
	for _, p := range hedging.policies {
		if !slices.ContainsFunc(both, named(p.Name)) {
			both = append(both, p)
		}
	}
	some, err := choose("balancer", o.balancers, both, func(p sim.Policy) string { return p.Name })
	if err != nil {
		return err
	}
	for _, pl := range []*play{balancing, hedging} {
		pl.policies = slices.DeleteFunc(pl.policies, func(p sim.Policy) bool { return !slices.ContainsFunc(some, named(p.Name)) })
		if len(pl.policies) > 0 {
			continue
		}
		if o.scenarios != "" && len(pl.scenarios) > 0 {
			return fmt.Errorf("scenario %s is not played with %s: see -list", pl.scenarios[0].Name, o.balancers)
		}
		pl.scenarios = nil
	}
	return nil
}

func named(name string) func(sim.Policy) bool {
	return func(p sim.Policy) bool { return p.Name == name }
}

// jobs are all scenarios with all policies that can play them.
func (p play) jobs(seeds int) (all []sim.Job) {
	for _, sc := range p.scenarios {
		for _, policy := range p.policies {
			if !policy.Plays(sc) {
				continue
			}
			for seed := range seeds {
				all = append(all, sim.Job{Scenario: sc, Policy: policy, Seed: uint64(seed) + 1})
			}
		}
	}
	return all
}

func (p play) sum(results []sim.Result) *report.Summary {
	if len(results) == 0 {
		return report.Sum(nil, nil, nil)
	}
	names := make([]string, len(p.policies))
	for i, policy := range p.policies {
		names[i] = policy.Name
	}
	return report.Sum(p.scenarios, names, results)
}
