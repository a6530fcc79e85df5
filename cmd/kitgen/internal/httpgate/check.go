package httpgate

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Verdict is what became of what callers know.
type Verdict struct {
	Refused Changes
	Lost    Changes // warnings, as protogen.Losses are
}

// Change is one thing that is otherwise now.
type Change struct {
	spec.Problem

	// Gone is what is not there any more: the name of a method, or empty.
	Gone string
	// Here is what there is to do for this wire alone, if the gate of the other tells
	// of the same change; empty if its mend is good for both.
	Here string
	// Apart reports whether callers over HTTP notice it in another way than others.
	Apart bool
}

// Changes are those of one run.
type Changes []Change

// Check compares old, the committed document at file, with next, the one that svc has
// now. Nothing is locked by an empty old; one that cannot be read is told.
func Check(svc *spec.Service, file string, old, next []byte) (v Verdict, err error) {
	if len(bytes.TrimSpace(old)) == 0 || bytes.Equal(old, next) {
		return v, nil
	}
	g := &gate{svc: svc.Over("http"), file: path.Base(file), seen: make(map[comparison]bool)}
	if g.old, err = read(old); err != nil {
		return Verdict{Lost: Changes{{Problem: Unknown(file, fmt.Sprintf("cannot be read (%v)", err))}}}, nil
	}
	if g.next, err = read(next); err != nil {
		return v, fmt.Errorf("read back %s: %w", file, err)
	}
	g.compareOperations()
	g.compareCodes()
	return g.verdict, nil
}

// Unknown is the warning that nothing was compared with the document at file, as that
// is not what it was.
func Unknown(file, why string) spec.Problem {
	return spec.Problem{
		Pos: file + ":1:1", Code: "KGW66", Msg: path.Base(file) + " " + why + ", so nobody knows what callers over HTTP rely on",
		Fix: "restore it from version control and run it again, if more has changed than that",
	}
}

// gate is one comparison of two documents.
type gate struct {
	svc       *spec.Service
	file      string // base name, for messages
	old, next *document
	seen      map[comparison]bool
	verdict   Verdict
}

func (g *gate) refuse(pos, fix, format string, args ...any) *Change {
	return add(&g.verdict.Refused, spec.Problem{Pos: pos, Code: "KG066", Msg: fmt.Sprintf(format, args...), Fix: fix})
}

func (g *gate) lose(pos, format string, args ...any) *Change {
	const fix = "put it back until nobody needs it, if that is not so already"
	return add(&g.verdict.Lost, spec.Problem{Pos: pos, Code: "KGW66", Msg: fmt.Sprintf(format, args...), Fix: fix})
}

// widen tells that callers may meet what they have not met so far.
func (g *gate) widen(pos, format string, args ...any) {
	add(&g.verdict.Lost, spec.Problem{Pos: pos, Code: "KGW66", Msg: fmt.Sprintf(format, args...), Fix: "be sure that callers over HTTP can bear it"}).Apart = true
}

// add adds p, unless it is known of the other direction.
func add(list *Changes, p spec.Problem) *Change {
	if i := slices.IndexFunc(*list, func(c Change) bool { return c.Problem == p }); i >= 0 {
		return &(*list)[i]
	}
	*list = append(*list, Change{Problem: p})
	return &(*list)[len(*list)-1]
}

// method is the one of an operation, by the name that it has on the wire.
func (g *gate) method(o *operation) spec.Method {
	if i := slices.IndexFunc(g.svc.Methods, func(m spec.Method) bool { return cmp.Or(m.Was, m.Name) == o.ID }); i >= 0 {
		return g.svc.Methods[i]
	}
	return spec.Method{Name: o.ID, Pos: g.svc.File + ":1:1"}
}

// Beside are the problems in list and those of c that list does not tell of already:
// one of the other wire at the same place is about the same change.
func (c Changes) Beside(list spec.Problems) spec.Problems {
	out := slices.Clone(list)
	for _, change := range c {
		i := slices.IndexFunc(list, change.isToldBy)
		switch {
		case i < 0:
			out = append(out, change.Problem)
		case change.Here != "":
			out[i].Fix += "; over HTTP, " + change.Here
		}
	}
	return out
}

func (c Change) isToldBy(p spec.Problem) bool {
	if c.Apart || c.Pos != p.Pos {
		return false
	}
	return c.Gone == "" || len(p.Msg) > len(c.Gone) && p.Msg[:len(c.Gone)+1] == c.Gone+" "
}
