package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// endToEnd is what a result says more of calls end to end. Every ratio is to
// the floor in the same round, and a median, as every figure is.
type endToEnd struct {
	Rate      float64 `json:"calls_per_s"`
	RateRatio float64 `json:"rate_ratio"`
	P50       float64 `json:"p50_us"`
	P50Added  float64 `json:"p50_added_us"` // to the floor's
	P99       float64 `json:"p99_us"`
	P99Ratio  float64 `json:"p99_ratio"`
	Allocs    int     `json:"allocs_added"` // to the floor's, by both sides
	Bytes     int     `json:"bytes_op"`     // by both sides
	CPU       float64 `json:"cpu_us"`       // of both sides; 0 if it is not known
	CPURatio  float64 `json:"cpu_ratio"`
	Verdict   string  `json:"verdict,omitempty"` // of ours: met, or missed and what
}

// wireSamples collects what the rounds found of a row.
type wireSamples struct{ took, floor []talk }

// each is the median over the rounds of what of says.
func (s *wireSamples) each(of func(took, floor talk) float64) float64 {
	all := make([]float64, len(s.took))
	for i := range all {
		all[i] = of(s.took[i], s.floor[i])
	}
	return median(all)
}

// addWire takes in a measurement and that of the floor beside it.
func (r *record) addWire(c cell, took, floor talk) {
	s := r.add(c, took.ns, floor.ns)
	if s.wire == nil {
		s.wire = new(wireSamples)
	}
	s.wire.took, s.wire.floor = append(s.wire.took, took), append(s.wire.floor, floor)
	s.allocs = int(math.Round(s.wire.each(func(t, _ talk) float64 { return t.allocs })))
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func (s *wireSamples) result() *endToEnd {
	round := func(of func(t, f talk) float64) int { return int(math.Round(s.each(of))) }
	return &endToEnd{
		Rate:      s.each(func(t, _ talk) float64 { return 1e9 / t.ns }),
		RateRatio: s.each(func(t, f talk) float64 { return f.ns / t.ns }),
		P50:       s.each(func(t, _ talk) float64 { return t.p50 / 1e3 }),
		P50Added:  s.each(func(t, f talk) float64 { return (t.p50 - f.p50) / 1e3 }),
		P99:       s.each(func(t, _ talk) float64 { return t.p99 / 1e3 }),
		P99Ratio:  s.each(func(t, f talk) float64 { return ratio(t.p99, f.p99) }),
		Allocs:    round(func(t, f talk) float64 { return t.allocs - f.allocs }),
		Bytes:     round(func(t, _ talk) float64 { return t.bytes }),
		CPU:       s.each(func(t, _ talk) float64 { return t.cpuN / 1e3 }),
		CPURatio:  s.each(func(t, f talk) float64 { return ratio(t.cpuN, f.cpuN) }),
	}
}

// What calls through ours are to keep.
const (
	leastRate    = 0.90 // of the floor's, by as many callers as there are at most
	mostP50Added = 5    // µs, to one caller over gRPC
)

// judgeWires says of every row of ours whether it keeps what it is to keep, and
// which peers of the same wire make more calls than it. Nothing fails by it.
func judgeWires(all []result) {
	all = slices.DeleteFunc(slices.Clone(all), func(r result) bool { return r.E2E == nil })
	most := 0
	for _, r := range all {
		most = max(most, r.Goroutines)
	}
	for _, r := range all {
		if system, _ := splitWire(r.Name); system != oursName {
			continue
		}
		r.E2E.Verdict = "met"
		if missed := append(r.missed(most), r.behind(all)...); len(missed) > 0 {
			r.E2E.Verdict = "missed " + strings.Join(missed, ", ")
		}
	}
}

// missed lists what a row of ours does not keep, beside the floor.
func (r result) missed(mostCallers int) (missed []string) {
	if r.Goroutines == mostCallers && r.E2E.RateRatio < leastRate {
		missed = append(missed, fmt.Sprintf("x%.2f", leastRate))
	}
	if _, wire := splitWire(r.Name); wire == wireGRPC && r.Goroutines == 1 && r.E2E.P50Added > mostP50Added {
		missed = append(missed, fmt.Sprintf("+%d µs", mostP50Added))
	}
	return missed
}

// behind lists the peers that make more calls.
func (r result) behind(all []result) (peers []string) {
	_, wire := splitWire(r.Name)
	for _, peer := range all {
		system, over := splitWire(peer.Name)
		if over != wire || peer.Goroutines != r.Goroutines || peer.E2E.RateRatio <= r.E2E.RateRatio {
			continue
		}
		switch system {
		case floorName, golangName, oursName: // no peers
		default:
			peers = append(peers, "behind "+system)
		}
	}
	return peers
}

// splitWire returns the system of a row, and its wire without what is special.
func splitWire(name string) (system, wire string) {
	system, rest, _ := strings.Cut(name, "/")
	_, wire, _ = strings.Cut(rest, "/")
	return system, wireOf(wire)
}

// wireOf is a wire without what is special about the row.
func wireOf(wire string) string {
	wire, _, _ = strings.Cut(wire, ".")
	return wire
}

const wireLegend = `Client and server in this process, a hundred bytes there and back; allocs, B and CPU are those of both sides. The floors are bare
grpc-go, and bare net/http with encoding/json, without deadlines. Ours is to make x0.90 of the floor's calls by the most callers, to add at
most 5 µs to its median over gRPC by one, and not to be behind a peer. .3: three instances; .deadline: the floor with a deadline for each call.`

// printWires writes calls end to end: one table for each number of callers.
func printWires(out io.Writer, callers int, all []result) {
	slices.SortStableFunc(all, func(a, b result) int {
		_, x := splitWire(a.Name)
		_, y := splitWire(b.Name)
		return cmp.Compare(x, y)
	})
	fmt.Fprintf(out, "\nCalls end to end on loopback by %d callers: x and + are to the floor of the same wire\n%s\n", callers, wireLegend)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\tcalls/s\tx\tp50 µs\t+\tp99 µs\tx\tallocs\t+\tB\tCPU µs\tx\tlimits\n")
	for _, r := range all {
		e := r.E2E
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%.1f\t%+.1f\t%.0f\t%.2f\t%d\t%+d\t%d\t%.1f\t%.2f\t%s\n",
			r.Name, e.Rate, e.RateRatio, e.P50, e.P50Added, e.P99, e.P99Ratio, r.AllocsOp, e.Allocs, e.Bytes, e.CPU, e.CPURatio, e.Verdict)
	}
	_ = w.Flush() // as in printTable
}
