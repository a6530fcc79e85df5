// Command lbsim plays scenarios of servers, clients and faults with the
// balancers of package lb and others, on a virtual clock, and prints how they
// compare. With the same seeds it prints the same.
//
//	go run ./lb/lbsim [-scenarios S1,S7] [-balancers adaptive,random] [-seeds 3] [-json]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/chart"
	"github.com/kitgen/kitgen/lb/lbsim/internal/peers"
	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

func main() {
	debug.SetGCPercent(400) // what lives is small, so that memory costs less than collecting it often
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "lbsim:", err)
			os.Exit(1)
		}
	}
}

type options struct {
	scenarios, balancers string
	seeds, parallel      int
	list, json           bool
	scenario, svg        string
	seedsSaid, peers     bool
}

func parse(args []string, errs io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("lbsim", flag.ContinueOnError)
	f.SetOutput(errs)
	f.StringVar(&o.scenarios, "scenarios", "", "which to play, by comma; all if empty")
	f.StringVar(&o.balancers, "balancers", "", "which to play them with, by comma; all if empty")
	f.IntVar(&o.seeds, "seeds", 3, "how often, each time with other chance")
	f.IntVar(&o.parallel, "parallel", runtime.GOMAXPROCS(0), "how many runs at the same time")
	f.BoolVar(&o.list, "list", false, "say which there are, and play none")
	f.BoolVar(&o.json, "json", false, "end with one line of JSON")
	f.StringVar(&o.scenario, "scenario", "", "a file that describes your own fleet, to be told which balancer suits it: see docs/sim")
	f.BoolVar(&o.peers, "peers", false, "with -scenario: play it with the peers' balancers too")
	f.StringVar(&o.svg, "svg", "", "a folder for pictures of what was played")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	f.Visit(func(f *flag.Flag) { o.seedsSaid = o.seedsSaid || f.Name == "seeds" })
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("do not know what to do with %q: all is said by flags, see -help", f.Args())
	case o.seeds < 1:
		return o, fmt.Errorf("-seeds is %d: make it one or more", o.seeds)
	case o.parallel < 1:
		return o, fmt.Errorf("-parallel is %d: make it one or more", o.parallel)
	}
	return o, nil
}

func run(args []string, out, errs io.Writer) error {
	o, err := parse(args, errs)
	if err != nil {
		return err
	}
	switch {
	case o.list:
		list(out)
		return nil
	case o.scenario != "":
		return playFleet(o, out, errs)
	case o.svg != "":
		if err := chart.Check(o.svg); err != nil {
			return fmt.Errorf("-svg: %w", err)
		}
	}
	scenarios, err := choose("scenario", o.scenarios, sim.Catalogue(), func(sc sim.Scenario) string { return sc.Name })
	if err != nil {
		return err
	}
	all := policies()
	if o.balancers != "" {
		all = append(all, sim.Sticky()...)
	}
	policies, err := choose("balancer", o.balancers, all, func(p sim.Policy) string { return p.Name })
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(policies, isReference); i < 0 {
		policies = append([]sim.Policy{reference()}, policies...)
	}
	var jobs []sim.Job
	for _, sc := range scenarios {
		for _, p := range policies {
			if !p.Plays(sc) {
				continue
			}
			for seed := range o.seeds {
				jobs = append(jobs, sim.Job{Scenario: sc, Policy: p, Seed: uint64(seed) + 1})
			}
		}
	}
	p := &progress{w: errs, all: len(jobs), began: time.Now()}
	results, err := sim.Batch(jobs, o.parallel, p.step)
	if err != nil {
		return err
	}
	p.end()
	var names []string
	for _, p := range policies {
		names = append(names, p.Name)
	}
	return show(o, report.Sum(scenarios, names, results), out, errs)
}

// show prints and draws what was played.
func show(o options, s *report.Summary, out, errs io.Writer) error {
	s.Write(out)
	if o.svg != "" {
		files, err := chart.Write(o.svg, s)
		if err != nil {
			return fmt.Errorf("-svg: %w", err)
		}
		fmt.Fprintln(errs, "sim: drew", strings.Join(files, ", "))
	}
	if o.json {
		return s.WriteJSON(out)
	}
	return nil
}

// policies are all there are: the bounds first, then ours, then the peers'.
func policies() []sim.Policy { return slices.Concat(sim.References(), sim.Ours(), peers.All()) }

func isReference(p sim.Policy) bool { return p.Name == report.Reference }

func reference() sim.Policy {
	all := sim.References()
	return all[slices.IndexFunc(all, isReference)]
}

func list(out io.Writer) {
	fmt.Fprintln(out, "scenarios:")
	for _, sc := range sim.Catalogue() {
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

// progress says how far it is, now and then, to those who wait.
type progress struct {
	w     io.Writer
	all   int
	began time.Time

	mu    sync.Mutex // guards what follows
	done  int
	calls int
	told  time.Time
}

func (p *progress) step(r sim.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.calls += r.Calls
	if now := time.Now(); now.Sub(p.told) > 5*time.Second {
		p.told = now
		fmt.Fprintf(p.w, "sim: %d of %d runs, %s\n", p.done, p.all, now.Sub(p.began).Round(time.Second))
	}
}

func (p *progress) end() {
	took := time.Since(p.began)
	fmt.Fprintf(p.w, "sim: %d runs, %.1f million calls in %s\n", p.all, float64(p.calls)/1e6, took.Round(100*time.Millisecond))
}
