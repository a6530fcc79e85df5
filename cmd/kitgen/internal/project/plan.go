package project

import (
	"bytes"
	"fmt"
	"io"

	"github.com/rogpeppe/go-internal/diff"
)

// Verb is what happens to a file.
type Verb string

// The verbs.
const (
	Create    Verb = "create"
	Rewrite   Verb = "update"
	Insert    Verb = "insert" // into a file of the user's
	Merge     Verb = "merge"  // into a file of the user's what a newer kitgen writes otherwise
	Remove    Verb = "remove" // a generated file that is needed no more
	Identical Verb = "identical"
)

// Change is one file of a plan.
type Change struct {
	Verb     Verb
	Path     string
	Old, New []byte
	Note     string // what is inserted, for people
}

// Manual is something that kitgen cannot insert and the user must.
type Manual struct {
	Where string
	Text  []byte
}

// Plan is what is to be done to a service, and nothing is done yet.
type Plan struct {
	Changes []Change // sorted by path
	Manual  []Manual
	Orphans []string // file:line and name of what the interface no longer has
	Edited  []Change // generated files that were edited by hand and would lose it

	Became    []Rename // methods gone from the interface, and what they probably are now
	Stale     []string // file and what the user should know of it: it lags behind
	Conflicts []string // file and what is to be merged in it by hand
	Warnings  []string // what of the interface is accepted, and may surprise
}

// UpToDate reports whether there is nothing to do.
func (p *Plan) UpToDate() bool {
	for _, c := range p.Changes {
		if c.Verb != Identical {
			return false
		}
	}
	return len(p.Manual) == 0
}

// Print lists the changes, a line per file, and what the user must know. Files
// that stay as they are are counted unless all of them are wanted.
func (p *Plan) Print(w io.Writer) {
	for _, c := range p.Changes {
		fmt.Fprintf(w, "%-9s %s", c.Verb, c.Path)
		if c.Note != "" {
			fmt.Fprintf(w, "  %s", c.Note)
		}
		fmt.Fprintln(w)
	}
	for _, m := range p.Manual {
		fmt.Fprintf(w, "%-9s %s; add yourself:\n\n%s\n", "manual", m.Where, indent(m.Text))
	}
	for _, o := range p.Orphans {
		fmt.Fprintf(w, "%-9s %s\n", "orphan", o)
	}
	for _, s := range p.Stale {
		fmt.Fprintf(w, "%-9s %s\n", "stale", s)
	}
	for _, c := range p.Conflicts {
		fmt.Fprintf(w, "%-9s %s\n", "conflict", c)
	}
	for _, s := range p.Warnings {
		fmt.Fprintf(w, "%-9s %s\n", "warning", s)
	}
}

// Lost is how many lines of the old text the new one has not.
func (c Change) Lost() int {
	lost := 0
	for _, to := range match(lines(c.Old), lines(c.New)) {
		if to < 0 {
			lost++
		}
	}
	return lost
}

// Diff prints every change as a unified diff.
func (p *Plan) Diff(w io.Writer) {
	for _, c := range p.Changes {
		if c.Verb != Identical {
			fmt.Fprintf(w, "%s", c.Diff())
		}
	}
}

// Diff is the change as a unified diff.
func (c Change) Diff() []byte {
	return diff.Diff("a/"+c.Path, c.Old, "b/"+c.Path, c.New)
}

func indent(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSpace(line)) > 0 {
			b.WriteString("    ")
		}
		b.Write(line)
	}
	return b.Bytes()
}
