package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// surroundings are what a result says more of what surrounds a call.
type surroundings struct {
	LeastNs     float64 `json:"least_ns,omitempty"` // the best of the rounds
	BytesOp     *int    `json:"bytes_op,omitempty"`
	Beside      string  `json:"beside,omitempty"`       // the row it is set against
	BesideRatio float64 `json:"beside_ratio,omitempty"` // to that row in the same round: median
	Verdict     string  `json:"verdict,omitempty"`      // met, or missed and what; nothing where there is no limit
}

func (s *samples) surroundings() surroundings {
	more := surroundings{LeastNs: slices.Min(s.ns), BytesOp: &s.bytes}
	if len(s.beside) > 0 {
		more.Beside, more.BesideRatio = s.besideName, median(s.beside)
	}
	more.Verdict = s.limits.judge(more.LeastNs, s.allocs, more.BesideRatio)
	return more
}

// judge says whether the limits are kept. Time is judged by the best of the
// rounds: what others do on the machine only adds to it.
func (l limits) judge(least float64, allocs int, beside float64) string {
	if l.ns == 0 {
		return ""
	}
	var missed []string
	if least > l.ns {
		missed = append(missed, fmt.Sprintf("%.0f ns", l.ns))
	}
	if allocs > l.allocs {
		missed = append(missed, fmt.Sprintf("%d allocs", l.allocs))
	}
	if l.beside > 0 && beside > l.beside {
		missed = append(missed, fmt.Sprintf("x%g", l.beside))
	}
	if len(missed) == 0 {
		return "met"
	}
	return "missed " + strings.Join(missed, ", ")
}

const legend = `A policy of ours is to cost at most 150 ns and an allocation, all of a client 600 ns and 4, each by the best round. client: as
middleware.Client is by itself, and a choice of ten; .hedge: with hedging; .policies: with all others; .all: with metrics and a log too.`

// printAround writes what surrounds a call: one table for each number of goroutines.
func printAround(out io.Writer, goroutines int, all []result) {
	fmt.Fprintf(out, "\nWhat surrounds a call that succeeds, by %d goroutines: ns per call, the best round, x to the floor (a bare function call), x to a peer\n%s\n", goroutines, legend)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\tns\tbest\tfloor\tpeer\t\tB\tallocs\tlimits\n")
	for _, r := range all {
		ratio := ""
		if r.BesideRatio > 0 {
			ratio = fmt.Sprintf("x%.2f", r.BesideRatio)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\tx%.0f\t%s\t%s\t%d\t%d\t%s\n",
			r.Name, aroundTime(r.NsOp), aroundTime(r.LeastNs), r.FloorRatio, ratio, r.Beside, *r.BytesOp, r.AllocsOp, r.Verdict)
	}
	_ = w.Flush() // as in printTable
}

// aroundTime is one unit for all, since they are compared.
func aroundTime(ns float64) string {
	if ns < 10 {
		return fmt.Sprintf("%.1f", ns)
	}
	return fmt.Sprintf("%.0f", ns)
}
