package main

import (
	"cmp"
	"slices"
	"strings"
)

// result is one line of the report. Its JSON is what JSON=1 prints.
type result struct {
	Name       string  `json:"name"`       // system/kind/policy
	N          int     `json:"n"`          // instances
	Goroutines int     `json:"goroutines"` // that share the work
	NsOp       float64 `json:"ns_op"`      // time by operations: median over the rounds
	AllocsOp   int     `json:"allocs_op"`
	FloorRatio float64 `json:"floor_ratio"`          // to the floor in the same round: median
	Over100us  *int    `json:"over_100us,omitempty"` // of a stall: picks that took longer, in all rounds
	Changes    *int    `json:"changes,omitempty"`    // of a stall: how many there were beside them

	surroundings // of what surrounds a call

	E2E *endToEnd `json:"e2e,omitempty"` // of calls end to end
}

// cell is where a result stands in the report.
type cell struct {
	name          string
	n, goroutines int
}

// record collects what the rounds found.
type record struct {
	order []cell
	cells map[cell]*samples
}

type samples struct {
	ns, ratio       []float64
	slow, changes   int
	isStall, failed bool

	memory

	besideName string
	beside     []float64
	limits     limits

	wire *wireSamples // of calls end to end; else nil
}

func (r *record) at(c cell) *samples {
	s := r.cells[c]
	if s == nil {
		s = new(samples)
		r.cells[c] = s
		r.order = append(r.order, c)
	}
	return s
}

// add takes in a measurement and that of the floor beside it.
func (r *record) add(c cell, ns, floor float64) *samples {
	s := r.at(c)
	s.ns = append(s.ns, ns)
	if floor > 0 {
		s.ratio = append(s.ratio, ns/floor)
	}
	return s
}

// results lists everything that was measured, in the order it was met.
func (r *record) results() []result {
	var all []result
	for _, c := range r.order {
		s := r.cells[c]
		if s.failed || len(s.ns) == 0 {
			continue
		}
		res := result{Name: c.name, N: c.n, Goroutines: c.goroutines, NsOp: median(s.ns), AllocsOp: s.allocs, FloorRatio: median(s.ratio)}
		if s.isStall {
			res.Over100us, res.Changes = &s.slow, &s.changes
		}
		if strings.Contains(c.name, "/"+aroundKind) {
			res.surroundings = s.surroundings()
		}
		if s.wire != nil {
			res.E2E = s.wire.result()
		}
		all = append(all, res)
	}
	judgeWires(all)
	slices.SortStableFunc(all, func(a, b result) int { return cmp.Compare(kindOf(a.Name), kindOf(b.Name)) })
	return all
}

// median returns 0 if there is nothing.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}
