package fleet

import (
	"fmt"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// disturbances reads what goes wrong into sc, of which all else has been read.
func (f *faults) disturbances(o *object, sc *sim.Scenario) {
	for i, v := range o.list("disturbances") {
		d := f.asObject(v, fmt.Sprintf("disturbances[%d]", i))
		fault := sim.Fault{Servers: f.victims(d, len(sc.Servers))}
		length := lengthOf(*sc)
		if at := d.span("at", 0, maxSpan); at >= length {
			d.bad(d.v.members["at"], "at", "the run ends at %s: begin earlier, or raise the length", length)
		} else {
			fault.At = warmupOf(*sc) + at
		}
		fault.For = d.span("for", time.Millisecond, maxSpan)
		d.kind(&fault)
		d.end()
		sc.Faults = append(sc.Faults, fault)
		if sc.Watch == 0 && len(fault.Servers) == 1 {
			sc.Watch = fault.Servers[0]
		}
	}
}

// kind reads what only disturbances of one kind have.
func (o *object) kind(fault *sim.Fault) {
	switch o.oneOf("kind", "slow", "cold", "fail", "outage", "hang", "pause", "noise", "restart") {
	case "slow":
		fault.Kind = sim.Slow
		fault.Speed = o.needed("speed", 0.001, 1000, "0.5 halves it")
	case "cold":
		fault.Kind = sim.Cold
		fault.Speed = o.needed("speed", 0.001, 1, "0.15 is what a process with a cold cache may have")
		if fault.For == 0 && o.v.members["for"] == nil {
			o.missing("for", `write how long it takes to warm up, such as "10s"`)
		}
	case "fail":
		fault.Kind = sim.Fail
		fault.Share = o.number("share", 0.001, 1)
	case "outage":
		fault.Kind = sim.Fail
	case "hang":
		fault.Kind = sim.Hang
	case "pause":
		fault.Kind = sim.Pauses
		o.recurring(fault, `["150ms", "300ms"]`)
	case "noise":
		fault.Kind = sim.Antagonists
		o.recurring(fault, `["300ms", "1500ms"]`)
		o.depth(fault)
	case "restart":
		fault.Kind = sim.Restarts
		if fault.Down = o.span("down", time.Millisecond, maxSpan); o.v.members["down"] == nil {
			o.missing("down", `write how long a server is away, such as "2s"`)
		}
	default:
		if o.v.members["kind"] == nil {
			o.missing("kind", "write one of slow, cold, fail, outage, hang, pause, noise, restart")
		}
		o.read = o.v.keys // what else belongs here depends on it
	}
}

// needed is number for a key that must be there.
func (o *object) needed(key string, least, most float64, hint string) float64 {
	x := o.number(key, least, most)
	if o.v.members[key] == nil {
		o.missing(key, "write a number from %g to %g: %s", least, most, hint)
	}
	return x
}

func (o *object) recurring(fault *sim.Fault, example string) {
	fault.Every = o.span("every", time.Millisecond, maxSpan)
	if o.v.members["every"] == nil {
		o.missing("every", `write how often it happens to a server on average, such as "10s"`)
	}
	last := o.pair("last")
	if last == nil {
		if o.v.members["last"] == nil {
			o.missing("last", "write how long it lasts, from and to, such as %s", example)
		}
		return
	}
	from, ok := o.spanOf(last[0], "last[0]", time.Millisecond, maxSpan)
	to, also := o.spanOf(last[1], "last[1]", time.Millisecond, maxSpan)
	if ok && also && from > to {
		o.bad(last[1], "last[1]", "must not be less than last[0], %s", from)
	}
	fault.Last = sim.Range{From: from.Seconds(), To: to.Seconds()}
}

func (o *object) depth(fault *sim.Fault) {
	depth := o.pair("depth")
	if depth == nil {
		if o.v.members["depth"] == nil {
			o.missing("depth", "write what the speed is multiplied by, from and to, such as [0.25, 0.6]")
		}
		return
	}
	from, ok := o.numberOf(depth[0], "depth[0]", 0.001, 1)
	to, also := o.numberOf(depth[1], "depth[1]", 0.001, 1)
	if ok && also && from > to {
		o.bad(depth[1], "depth[1]", "must not be less than depth[0], %g", from)
	}
	fault.Depth = sim.Range{From: from, To: to}
}

// victims returns the servers of a disturbance; none if it is all of them.
func (f *faults) victims(o *object, servers int) (victims []int) {
	seen := map[int]bool{}
	for i, v := range o.list("servers") {
		key := fmt.Sprintf("servers[%d]", i)
		n, ok := o.wholeOf(v, key, max(servers, 1))
		switch {
		case !ok:
		case seen[n]:
			o.bad(v, key, "is listed already: remove one")
		default:
			seen[n] = true
			victims = append(victims, n)
		}
	}
	return victims
}
