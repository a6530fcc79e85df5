// Command lbsim plays scenarios of servers, clients and faults with the
// balancers of package lb and others, on a virtual clock, and prints how they
// compare; in some of them calls have second attempts. With the same seeds it
// prints the same.
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
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/chart"
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
	return playCatalogue(o, out, errs)
}

// playCatalogue plays the scenarios that this program brings along.
func playCatalogue(o options, out, errs io.Writer) error {
	balancing, hedging, err := plays(o)
	if err != nil {
		return err
	}
	first, second := balancing.jobs(o.seeds), hedging.jobs(o.seeds)
	jobs := slices.Concat(first, second)
	p := &progress{w: errs, all: len(jobs), began: time.Now()}
	results, err := sim.Batch(jobs, o.parallel, p.step)
	if err != nil {
		return err
	}
	p.end()
	s := balancing.sum(results[:len(first)])
	if len(second) > 0 {
		s.Hedging = hedging.sum(results[len(first):])
	}
	return show(o, s, out, errs)
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
