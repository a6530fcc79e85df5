package fleet

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// Cast is whom a fleet is played with. All are listed; only ours are advised.
type Cast struct {
	References, Ours, Peers []sim.Policy
}

// Play plays a fleet and prints the table and the advice. parallel and told are
// those of sim.Batch.
func (f *Fleet) Play(w io.Writer, cast Cast, parallel int, told func(sim.Result)) error {
	if len(cast.Ours) == 0 {
		return errors.New("no balancer of ours is among those to play: name one, since only they are advised")
	}
	var jobs []sim.Job
	var names []string
	for _, group := range [][]sim.Policy{cast.References, cast.Ours, cast.Peers} {
		for _, p := range group {
			names = append(names, p.Name)
			for seed := range f.Seeds {
				jobs = append(jobs, sim.Job{Scenario: f.Scenario, Policy: p, Seed: uint64(seed) + 1})
			}
		}
	}
	results, err := sim.Batch(jobs, parallel, told)
	if err != nil {
		return err
	}
	s := report.Sum([]sim.Scenario{f.Scenario}, names, results)
	f.describe(w)
	table(w, contenders(names, s))
	fmt.Fprintf(w, "\n%s\n", sentence(f.Name, contenders(namesOf(cast.Ours), s)))
	return nil
}

func namesOf(policies []sim.Policy) (names []string) {
	for _, p := range policies {
		names = append(names, p.Name)
	}
	return names
}

// describe says what was played, and how much of the fleet it takes.
func (f *Fleet) describe(w io.Writer) {
	load := f.load()
	fmt.Fprintf(w, "%s: %d servers, %d clients, %g calls a second: %.0f %% of what the servers can do; %s counted after %s, %d seeds\n",
		f.Name, len(f.Servers), f.clients(), f.Rate, 100*load, lengthOf(f.Scenario), warmupOf(f.Scenario), f.Seeds)
	if f.Title != "" {
		fmt.Fprintln(w, f.Title)
	}
	switch {
	case load >= 1:
		fmt.Fprintln(w, "note: the servers are asked for more than they can do, so queues grow for as long as the run lasts, whoever balances")
	case load < 0.3:
		fmt.Fprintln(w, "note: with so little to do there are hardly any queues, so balancers differ by what goes wrong, not by load")
	}
}

// load is the share of the servers' time that the calls take on average.
func (f *Fleet) load() float64 {
	capacity := 0.0 // in workers of speed 1
	for _, s := range f.Servers {
		workers, speed := 4.0, 1.0
		if s.Workers > 0 {
			workers = float64(s.Workers)
		}
		if s.Speed > 0 {
			speed = s.Speed
		}
		capacity += workers * speed
	}
	mean := f.Service.Mean
	if mean == 0 {
		mean = 10 * time.Millisecond
	}
	rate := f.Rate
	if b := f.Bursts; b != nil {
		high, low := b.HighFor.Seconds(), b.LowFor.Seconds()
		rate *= (b.High*high + b.Low*low) / (high + low)
	}
	return rate * mean.Seconds() / capacity
}

func table(w io.Writer, all []contender) {
	fmt.Fprintf(w, "\n%-24s %9s %9s %9s %9s %9s %9s %9s\n", "", "p50", "p99", "± 95 %", "p99.9", "errors", "± 95 %", "max/mean")
	for _, c := range all {
		var p99s []float64
		for _, r := range c.runs {
			p99s = append(p99s, float64(r.P99))
		}
		_, half := report.Interval(p99s)
		fmt.Fprintf(w, "%-24s %9s %9s %9s %9s %9s %9s %9.2f\n", c.name,
			short(c.cell.P50), short(c.cell.P99), short(time.Duration(half)), short(c.cell.P999),
			percent(c.cell.Errors), percent(c.cell.ErrorsCI), c.cell.Imbalance)
	}
}

func (f *Fleet) clients() int {
	if f.Clients == 0 {
		return 10
	}
	return f.Clients
}
