package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// kinds are the parts of the report, in order.
func kinds() []string { return []string{"pick", "call", "update", "stall", aroundKind, wireKind} }

// kindOf returns the place of a name among the kinds.
func kindOf(name string) int {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 2 {
		return -1
	}
	return slices.Index(kinds(), parts[1])
}

func title(kind string, goroutines int) string {
	switch kind {
	case "pick":
		return fmt.Sprintf("Picks by %d goroutines: ns per pick, and x to the floor (atomic add, index)", goroutines)
	case "call":
		return fmt.Sprintf("Calls by %d goroutines, tracked: ns per call, and x to the floor (clock twice, counter up and down)", goroutines)
	case "update":
		return "One instance more or less, until picked from: time per change, and x to the floor (copy, swap)"
	default:
		return "Picks beside 100 changes a second: ns per pick with the clock, x to the floor, picks over 100 µs/changes"
	}
}

// printTables writes one table for each kind and number of goroutines: a row
// per system and policy, a column per number of instances.
func printTables(out io.Writer, all []result) {
	for k, kind := range kinds() {
		of := slices.DeleteFunc(slices.Clone(all), func(r result) bool { return kindOf(r.Name) != k })
		for _, g := range distinct(of, func(r result) int { return r.Goroutines }) {
			rows := slices.DeleteFunc(slices.Clone(of), func(r result) bool { return r.Goroutines != g })
			switch kind {
			case aroundKind:
				printAround(out, g, rows)
			case wireKind:
				printWires(out, g, rows)
			default:
				printTable(out, title(kind, g), rows)
			}
		}
	}
}

func printTable(out io.Writer, title string, all []result) {
	sizes := distinct(all, func(r result) int { return r.N })
	var names []string
	cells := make(map[string]map[int]result)
	for _, r := range all {
		if cells[r.Name] == nil {
			cells[r.Name] = make(map[int]result)
			names = append(names, r.Name)
		}
		cells[r.Name][r.N] = r
	}
	fmt.Fprintf(out, "\n%s\n", title)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\t")
	for _, n := range sizes {
		fmt.Fprintf(w, "N=%d\t", n)
	}
	fmt.Fprint(w, "allocs\n")
	for _, name := range names {
		fmt.Fprintf(w, "%s\t", name)
		least, most := -1, 0
		for _, n := range sizes {
			r, ok := cells[name][n]
			if !ok {
				fmt.Fprint(w, "-\t")
				continue
			}
			fmt.Fprintf(w, "%s\t", r)
			if least < 0 || r.AllocsOp < least {
				least = r.AllocsOp
			}
			most = max(most, r.AllocsOp)
		}
		if least == most {
			fmt.Fprintf(w, "%d\n", most)
		} else {
			fmt.Fprintf(w, "%d-%d\n", least, most)
		}
	}
	_ = w.Flush() // out has no way to fail that anybody could be told of
}

// String is a cell of a table.
func (r result) String() string {
	s := fmt.Sprintf("%s (x%.3g)", duration(r.NsOp), r.FloorRatio)
	if r.Over100us != nil && r.Changes != nil {
		s += fmt.Sprintf(" %d/%d", *r.Over100us, *r.Changes)
	}
	return s
}

func duration(ns float64) string {
	switch {
	case ns < 1e4:
		return fmt.Sprintf("%.3g", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	default:
		return fmt.Sprintf("%.3g ms", ns/1e6)
	}
}

// distinct returns the different values of a field, sorted.
func distinct(all []result, of func(result) int) []int {
	var values []int
	for _, r := range all {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return slices.Compact(values)
}
