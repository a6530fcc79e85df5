package fleet

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// Fleet is what a file describes.
type Fleet struct {
	sim.Scenario

	Seeds int // how many runs
}

// Bounds keep a run within minutes and a gigabyte, and typing errors out.
const (
	maxServers = 1000
	maxClients = 10_000
	maxRate    = 1e6
	maxWorkers = 10_000
	maxSpan    = time.Hour
	maxSeeds   = 100
	maxCalls   = 20e6 // of a run
	maxFile    = 1 << 20
	seeds      = 5 // if the file says nothing
)

// Read reads a file. The error has a line for each thing that is wrong.
func Read(file string) (*Fleet, error) {
	f, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("read the fleet: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the fleet: %w", err)
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s: larger than %d bytes: this is no fleet", file, maxFile)
	}
	return decode(file, text)
}

func decode(file string, text []byte) (*Fleet, error) {
	v, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	var wrong faults
	wrong.file = file
	if v.members == nil {
		return nil, fmt.Errorf("%s:%d: %s: a fleet is an object, in braces", file, v.line, v.what())
	}
	fleet := wrong.fleet(v)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	if err := fleet.Validate(); err != nil { // what the simulator minds and nobody above has
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return fleet, nil
}

func (f *faults) fleet(v *value) *Fleet {
	o := f.asObject(v, "")
	fleet := &Fleet{Scenario: sim.Scenario{
		Name:    o.text("name"),
		Title:   o.text("title"),
		Servers: f.servers(o),
		Clients: o.whole("clients", maxClients), // 0 if it says nothing, as below
		Rate:    o.number("rate", 0.1, maxRate),
		Service: f.service(o),
		Bursts:  f.bursts(o),
		Delay:   o.span("delay", time.Microsecond, 10*time.Second),
		Timeout: o.span("timeout", time.Millisecond, maxSpan),
		Cancel:  o.flag("cancel"),
		Length:  o.span("length", time.Second, maxSpan),
		Latency: true,
	}}
	if v.members["rate"] == nil {
		o.missing("rate", "write how many calls a second all clients make together")
	}
	if fleet.Name == "" {
		fleet.Name = f.file
	}
	fleet.Warmup = f.warmup(o)
	if fleet.Seeds = o.whole("seeds", maxSeeds); fleet.Seeds == 0 {
		fleet.Seeds = seeds
	}
	f.disturbances(o, &fleet.Scenario)
	o.end()
	if delay, timeout := orElse(fleet.Delay, 250*time.Microsecond), orElse(fleet.Timeout, 2*time.Second); timeout <= 2*delay {
		o.add(v.line, "timeout", "%s is over before a message is there and back, in twice %s: raise it, or lower the delay", timeout, delay)
	}
	if calls := fleet.Rate * (warmupOf(fleet.Scenario) + lengthOf(fleet.Scenario)).Seconds(); calls > maxCalls {
		o.add(v.line, "rate", "%.0f calls a run are more than %.0f: lower the rate and the servers alike, or the length", calls, maxCalls)
	}
	return fleet
}

// warmup is written as 0 if there is to be none, which a Scenario knows as less.
func (f *faults) warmup(o *object) time.Duration {
	d := o.span("warmup", 0, maxSpan)
	if d == 0 && o.v.members["warmup"] != nil {
		return -1
	}
	return d
}

func orElse(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

func warmupOf(sc sim.Scenario) time.Duration {
	return max(orElse(sc.Warmup, 5*time.Second), 0)
}

func lengthOf(sc sim.Scenario) time.Duration {
	return orElse(sc.Length, 30*time.Second)
}

func (f *faults) servers(o *object) (all []sim.Server) {
	groups := o.list("servers")
	if len(groups) == 0 {
		o.missing("servers", `write at least one group, such as {"count": 20}`)
	}
	for i, v := range groups {
		g := f.asObject(v, fmt.Sprintf("servers[%d]", i))
		count := max(g.whole("count", maxServers), 1)
		s := sim.Server{
			Workers: g.whole("workers", maxWorkers),
			Speed:   g.number("speed", 0.001, 1000),
			Weight:  g.whole("weight", 1_000_000),
		}
		g.end()
		if len(all)+count > maxServers {
			g.add(v.line, g.path+"count", "makes %d servers: at most %d", len(all)+count, maxServers)
			return all
		}
		for range count {
			all = append(all, s)
		}
	}
	return all
}

func (f *faults) service(o *object) (s sim.Service) {
	v := o.get("service")
	if v == nil {
		return s
	}
	g := f.asObject(v, "service")
	s.Mean = g.span("mean", time.Microsecond, 10*time.Minute)
	switch shape := g.oneOf("shape", "exponential", "lognormal", "bimodal", "normal"); shape {
	case "lognormal":
		s.Shape = sim.Lognormal
		s.Sigma = g.number("sigma", 0.01, 4)
	case "bimodal":
		s.Shape = sim.Bimodal
		s.Share = g.number("share", 0.0001, 0.9999)
		s.Factor = g.number("factor", 1, 10_000)
	case "normal":
		s.Shape = sim.Normal
		s.Spread = g.span("spread", time.Nanosecond, 10*time.Minute)
	}
	g.end()
	return s
}

func (f *faults) bursts(o *object) *sim.Bursts {
	v := o.get("bursts")
	if v == nil {
		return nil
	}
	g := f.asObject(v, "bursts")
	b := &sim.Bursts{
		High: g.number("high", 1, 1000), Low: g.number("low", 0.001, 1),
		HighFor: g.span("high_for", time.Millisecond, maxSpan), LowFor: g.span("low_for", time.Millisecond, maxSpan),
	}
	for _, key := range []string{"high", "low", "high_for", "low_for"} {
		if g.v.members[key] == nil {
			g.missing(key, `bursts need all of it, such as {"high": 1.6, "low": 0.8, "high_for": "100ms", "low_for": "300ms"}`)
		}
	}
	g.end()
	return b
}
