package protogen

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxNumber is the largest field number; 19000 to 19999 are protobuf's own.
const (
	maxNumber           = 1<<29 - 1
	firstOwn, behindOwn = 19000, 20000
)

// span is a range of field numbers, both ends included.
type span struct{ first, last int32 }

// reserved are the numbers and names that fields of a message once had.
type reserved struct {
	spans []span
	names []string
}

func (r reserved) empty() bool { return len(r.spans) == 0 && len(r.names) == 0 }

func (r reserved) clone() reserved {
	return reserved{spans: slices.Clone(r.spans), names: slices.Clone(r.names)}
}

func (r reserved) contains(n int32) bool {
	return slices.ContainsFunc(r.spans, func(s span) bool { return s.first <= n && n <= s.last })
}

func (r *reserved) add(name string, number int32) {
	r.names = append(r.names, name)
	r.spans = append(r.spans, span{number, number})
}

// next is the first number above all in use and outside the reserved ones; it
// may be above maxNumber.
func (r *reserved) next(after int32) int32 {
	n := after + 1
	slices.SortFunc(r.spans, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	for _, s := range r.spans {
		if s.first <= n && n <= s.last {
			n = s.last + 1
		}
	}
	if firstOwn <= n && n < behindOwn {
		return r.next(behindOwn - 1)
	}
	return n
}

// print writes sorted, merged ranges and sorted names.
func (r reserved) print(w *bytes.Buffer) {
	slices.SortFunc(r.spans, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	var merged []span
	for _, s := range r.spans {
		if n := len(merged); n > 0 && s.first <= merged[n-1].last+1 {
			merged[n-1].last = max(merged[n-1].last, s.last)
			continue
		}
		merged = append(merged, s)
	}
	if len(merged) > 0 {
		parts := make([]string, len(merged))
		for i, s := range merged {
			parts[i] = s.String()
		}
		fmt.Fprintf(w, "  reserved %s;\n", strings.Join(parts, ", "))
	}
	if len(r.names) > 0 {
		slices.Sort(r.names)
		quoted := make([]string, 0, len(r.names))
		for _, n := range slices.Compact(r.names) {
			quoted = append(quoted, strconv.Quote(n))
		}
		fmt.Fprintf(w, "  reserved %s;\n", strings.Join(quoted, ", "))
	}
}

func (s span) String() string {
	switch {
	case s.first == s.last:
		return strconv.Itoa(int(s.first))
	case s.last == maxNumber:
		return fmt.Sprintf("%d to max", s.first)
	}
	return fmt.Sprintf("%d to %d", s.first, s.last)
}
