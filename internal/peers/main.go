package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/zeromicro/go-zero/core/logx"
)

func main() {
	if err := command(os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	plan

	quick, json bool
	profile     string
	contention  string
	contend     time.Duration // how long each is measured so
}

func command(args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	logx.Disable() // go-zero says every minute how busy it is
	if o.contention != "" {
		return contention(o.contention, o.contend, out)
	}
	what, takes := "all that is measured", "five minutes and a half"
	if o.quick {
		what, takes = "a quick look, which is good for factors of two", "one minute"
	}
	fmt.Fprintf(out, "bench: %s: %d rounds, instances %v, goroutines %v, on %d processors with %s: about %s on two that are idle\n",
		what, o.rounds, o.sizes, o.goroutines, runtime.GOMAXPROCS(0), runtime.Version(), takes)
	start := time.Now()
	results, runErr := profiled(o.profile, newRun(o.plan, out).all)
	fmt.Fprintf(out, "bench: done in %.0f s\n", time.Since(start).Seconds())
	printTables(out, results)
	if o.json {
		line, err := json.Marshal(results)
		if err != nil {
			return fmt.Errorf("encode the results: %w", err)
		}
		fmt.Fprintf(out, "%s\n", line)
	}
	return runErr
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	var (
		quick      = flags.Bool("quick", false, "fewer rounds, sizes and goroutines")
		asJSON     = flags.Bool("json", false, "end with one line of JSON")
		rounds     = flags.Int("rounds", 0, "in which all systems take turns; 7 if zero, 3 with -quick")
		sizes      = flags.String("n", "", "instances, separated by commas")
		goroutines = flags.String("g", "", "goroutines that pick or call, separated by commas")
		only       = flags.String("only", "", "a regular expression: measure those names alone, beside the floor")
		profile    = flags.String("profile", "", "a file for a CPU profile of the run")
		waits      = flags.String("contention", "", "measure only how long callers wait for one another, and write it to FILE.kitgen.mutex and so on")
		span       = flags.Duration("span", 0, "how long one measurement takes; 20ms if zero, 10ms with -quick")
		stall      = flags.Duration("stall", 0, "how long picks beside changes take; 1s if zero, 500ms with -quick")
		wireSpan   = flags.Duration("e2e", 0, "how long one measurement of calls end to end takes; 150ms if zero, 100ms with -quick")
		stallSize  = flags.Int("stalln", 1000, "of how many instances, which must be one of -n")
	)
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("%q: there are flags alone; see -h", flags.Arg(0))
	}
	o := options{quick: *quick, json: *asJSON, profile: *profile, contention: *waits, contend: contendFor, plan: plan{
		sizes: []int{3, 10, 100, 1000, 10_000}, goroutines: []int{1, 2, 16}, surrounded: []int{1, 16},
		callers: []int{1, 16, 128}, wireRounds: 7, wireSpan: 150 * time.Millisecond,
		rounds: 7, span: 20 * time.Millisecond, stall: time.Second, stallSize: 1000, stallTurns: 3,
	}}
	if o.quick {
		o.sizes, o.goroutines, o.rounds, o.span = []int{3, 100, 1000}, []int{1, 2}, 3, 10*time.Millisecond
		o.callers, o.wireRounds, o.wireSpan = []int{1, 128}, 3, 100*time.Millisecond
		o.stall, o.contend = 500*time.Millisecond, contendFor/4
	}
	if *rounds > 0 {
		o.rounds, o.wireRounds = *rounds, *rounds
	}
	if *wireSpan > 0 {
		o.wireSpan = *wireSpan
	}
	o.stallSize = *stallSize
	if *stall > 0 {
		o.stall = *stall
	}
	if *span > 0 {
		o.span, o.contend = *span, *span
	}
	var err error
	if *only != "" {
		if o.only, err = regexp.Compile(*only); err != nil {
			return o, fmt.Errorf("-only %s: %w: want a regular expression of names, such as around/retry", *only, err)
		}
	}
	if o.sizes, err = numbers(*sizes, o.sizes); err != nil {
		return o, fmt.Errorf("-n: %w", err)
	}
	if o.goroutines, err = numbers(*goroutines, o.goroutines); err != nil {
		return o, fmt.Errorf("-g: %w", err)
	}
	if *goroutines != "" {
		o.surrounded, o.callers = o.goroutines, o.goroutines
	}
	return o, nil
}

// numbers reads a list like 3,100; def if it is empty.
func numbers(list string, def []int) ([]int, error) {
	if list == "" {
		return def, nil
	}
	var all []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > 1<<20 {
			return nil, fmt.Errorf("%q is no number from 1 to %d: write them as 3,100", word, 1<<20)
		}
		all = append(all, n)
	}
	return all, nil
}

// profiled runs measure, and writes its CPU profile to a file if one is named.
func profiled(file string, measure func() ([]result, error)) ([]result, error) {
	if file == "" {
		return measure()
	}
	f, err := os.Create(file) //nolint:gosec // named by whoever runs it
	if err != nil {
		return nil, fmt.Errorf("create the profile: %w", err)
	}
	if err = pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("start the profile: %w", err), f.Close())
	}
	results, err := measure()
	pprof.StopCPUProfile()
	return results, errors.Join(err, f.Close())
}
