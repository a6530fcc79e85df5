package spec

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
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
	if p.Pos == "" {
		return p.Code + ": " + p.Msg + ": " + p.Fix
	}
	return p.Pos + ": " + p.Code + ": " + p.Msg + ": " + p.Fix
}

// Problems are all problems of one run, in the order of their places. As an
// error it is never empty.
type Problems []Problem

// Error prints one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// found is a problem that still knows its place as numbers, to sort by.
type found struct {
	at token.Position
	Problem
}

// report collects problems; its zero value is empty.
type report struct {
	list []found
}

func (r *report) add(at token.Position, code, fix, format string, args ...any) {
	p := Problem{Code: code, Msg: fmt.Sprintf(format, args...), Fix: fix}
	if at.IsValid() {
		p.Pos = at.String()
	}
	if !slices.ContainsFunc(r.list, func(f found) bool { return f.Problem == p }) {
		r.list = append(r.list, found{at, p})
	}
}

func (r *report) empty() bool { return len(r.list) == 0 }

// err is nil without problems.
func (r *report) err() error {
	if r.empty() {
		return nil
	}
	slices.SortStableFunc(r.list, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.at.Filename, b.at.Filename), cmp.Compare(a.at.Offset, b.at.Offset))
	})
	ps := make(Problems, len(r.list))
	for i, f := range r.list {
		ps[i] = f.Problem
	}
	return ps
}
