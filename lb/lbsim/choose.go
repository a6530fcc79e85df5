package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/lb/lbsim/internal/peers"
	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// policies are all there are: the bounds first, then ours, then the peers'.
func policies() []sim.Policy { return slices.Concat(sim.References(), sim.Ours(), peers.All()) }

// scenarios are all there are.
func scenarios() []sim.Scenario { return append(sim.Catalogue(), sim.Hedging()...) }

func isReference(p sim.Policy) bool { return p.Name == report.Reference }

func reference() sim.Policy {
	all := sim.References()
	return all[slices.IndexFunc(all, isReference)]
}

func list(out io.Writer) {
	fmt.Fprintln(out, "scenarios:")
	for _, sc := range scenarios() {
		fmt.Fprintf(out, "  %-5s %s\n", sc.Name, sc.Title)
	}
	fmt.Fprintln(out, "balancers:")
	for _, p := range policies() {
		fmt.Fprintf(out, "  %s\n", p.Name)
	}
	fmt.Fprintln(out, "balancers that hash, played only when they are named:")
	for _, p := range sim.Sticky() {
		fmt.Fprintf(out, "  %s\n", p.Name)
	}
	fmt.Fprintln(out, "with and without a second attempt, played in H1 to H4:")
	for _, p := range sim.Hedges() {
		fmt.Fprintf(out, "  %s\n", p.Name)
	}
}

// choose returns those of all that are named, in their own order; all if none is.
func choose[T any](kind, names string, all []T, name func(T) string) ([]T, error) {
	if names == "" {
		return all, nil
	}
	var known []string
	for _, v := range all {
		known = append(known, name(v))
	}
	wanted := make(map[string]bool)
	for n := range strings.SplitSeq(names, ",") {
		n = strings.TrimSpace(n)
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("there is no %s %q: use some of %s", kind, n, strings.Join(known, ", "))
		}
		wanted[n] = true
	}
	var some []T
	for _, v := range all {
		if wanted[name(v)] {
			some = append(some, v)
		}
	}
	return some, nil
}
