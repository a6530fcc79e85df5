package spec

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing about an input that kitgen cannot generate from.
type Problem struct {
	Pos  string // file:line:col, relative to the package directory; empty for a name
	Code string // stable, as in "KG022"
	Msg  string // what is wrong and why
	Fix  string // the mend
}

// String is the problem as one line: place, code, message and mend.
func (p Problem) String() string {
	line := p.Code + ": " + p.Msg + ": " + p.Fix
	if p.Pos == "" {
		return line
	}
	return p.Pos + ": " + line
}

// Problems are all problems of one run, in the order of their places.
type Problems []Problem

// Error prints one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err is nil if there are no problems. Otherwise it is the Problems, each
// once, sorted by file, line and column.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.sorted()
}

func (ps Problems) sorted() Problems {
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int { return comparePlaces(a.Pos, b.Pos) })
	return slices.Compact(sorted)
}

func comparePlaces(a, b string) int {
	fileA, lineA, colA := splitPlace(a)
	fileB, lineB, colB := splitPlace(b)
	return cmp.Or(cmp.Compare(fileA, fileB), cmp.Compare(lineA, lineB), cmp.Compare(colA, colB))
}

func splitPlace(pos string) (file string, line, col int) {
	rest, c := cutNumber(pos)
	file, line = cutNumber(rest)
	return file, line, c
}

func cutNumber(s string) (rest string, n int) {
	i := strings.LastIndexByte(s, ':')
	n, err := strconv.Atoi(s[i+1:])
	if i < 0 || err != nil {
		return s, 0
	}
	return s[:i], n
}

// add reports a problem at a position, or at none if that is not valid.
func (ps *Problems) add(at token.Position, code, fix, format string, args ...any) {
	p := Problem{Code: code, Msg: fmt.Sprintf(format, args...), Fix: fix}
	if at.IsValid() {
		p.Pos = at.String()
	}
	*ps = append(*ps, p)
}
