package call

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// shown is how many different errors are printed.
const shown = 3

// print is r for people.
func (r result) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, s := range r.byName() {
		fmt.Fprintf(t, "%s\t%d\n", s.Name, s.Attempts)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "calls %d   errors %d   retries %d   p50 %.1f ms   p99 %.1f ms\n", r.Calls, r.Errors, r.Retries, r.P50, r.P99)
	kinds := slices.SortedFunc(maps.Keys(r.Failures), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Failures[b], r.Failures[a]), cmp.Compare(a, b))
	})
	for _, kind := range kinds[:min(shown, len(kinds))] {
		fmt.Fprintf(w, "%6d x %s\n", r.Failures[kind], console.Harmless(kind))
	}
	if more := len(kinds) - shown; more > 0 {
		fmt.Fprintf(w, "and %d other errors\n", more)
	}
	return nil
}

// byName is what the instances got, with those of one name, such as a replica
// that was replaced, as one.
func (r result) byName() []share {
	var sums []share
	for _, s := range r.Instances {
		s.Name = cmp.Or(s.Name, s.Addr)
		if n := len(sums); n > 0 && sums[n-1].Name == s.Name {
			sums[n-1].Attempts += s.Attempts
			continue
		}
		sums = append(sums, s)
	}
	return sums
}
