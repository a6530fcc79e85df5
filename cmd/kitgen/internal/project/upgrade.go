package project

import (
	"bytes"
	"cmp"
	"fmt"
	"go/parser"
	"go/token"
	"path"
	"slices"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// sideSuffix is that of the file beside one that could not be merged.
const sideSuffix = ".kitgen"

// upgrade merges what kitgen writes otherwise than it did into files of the
// user's, or says that it would.
func (u *update) upgrade() error {
	if u.opt.Upgrade && len(u.bases) == 0 && len(u.old.Seeded) > 0 {
		return refuse("%s: is gone, so nothing is known of what kitgen wrote before; restore it from version control", BasePath)
	}
	for _, f := range u.files {
		base, ok := u.bases[f.Path]
		if !ok || !slices.Contains(u.old.Seeded, f.Path) {
			continue
		}
		if err := u.unfinished(f.Path); err != nil {
			return err
		}
		if !u.opt.Upgrade {
			u.lags(f, base)
			continue
		}
		if next := u.arranged(f, base); !bytes.Equal(base, next) {
			u.merge(f.Path, u.withoutOrphans(f.Path, base), next)
			u.bases[f.Path] = next
		}
	}
	return nil
}

// lags tells of an ejected file that the interface has left behind.
func (u *update) lags(f render.File, base []byte) {
	if slices.Contains(u.ejected, f.Path) && !bytes.Equal(base, f.Text) {
		u.plan.Stale = append(u.plan.Stale, f.Path+": was ejected, and kitgen would write it otherwise now; kitgen upgrade merges the difference")
	}
}

// unfinished tells of a merge that an upgrade left to the user.
func (u *update) unfinished(name string) error {
	_, there, err := Read(u.dir, name+sideSuffix)
	if err != nil || !there {
		return err
	}
	if u.opt.Upgrade {
		return refuse("%s%s: the last upgrade left it for you to merge into %[1]s; do that, and remove it", name, sideSuffix)
	}
	u.plan.Stale = append(u.plan.Stale, name+sideSuffix+": an upgrade left it for you to merge; do that, and remove it")
	return nil
}

// merge plans the merge of one file, if the user still has it.
func (u *update) merge(name string, base, next []byte) {
	i := slices.IndexFunc(u.plan.Changes, func(c Change) bool { return c.Path == name })
	if i < 0 {
		return
	}
	c := u.plan.Changes[i]
	m := merge(base, c.New, next, u.opt.Resolve == Ours)
	places := fmt.Sprintf("%d places that both of you changed", m.conflicts)
	if m.conflicts == 1 {
		places = "a place that both of you changed"
	}
	if m.conflicts == 0 && path.Ext(name) == ".go" {
		if why := broken(name, m.text); why != "" {
			places, m.conflicts = why, 1
		}
	}
	if c.Note != "" {
		c.Note += ", "
	}
	switch {
	case m.conflicts == 0:
		u.change(Change{Verb: Merge, Path: name, Old: c.Old, New: m.text, Note: c.Note + "what kitgen writes otherwise now"})
	case u.opt.Resolve == Markers:
		u.change(Change{Verb: Merge, Path: name, Old: c.Old, New: m.text, Note: c.Note + places})
		u.plan.Conflicts = append(u.plan.Conflicts, name+": has "+places+"; finish the merge between the markers")
	default:
		u.plan.Changes = append(u.plan.Changes, Change{Verb: Create, Path: name + sideSuffix, New: m.text, Note: places})
		u.plan.Conflicts = append(u.plan.Conflicts, name+": has "+places+", and stays as it is; finish the merge in "+name+sideSuffix+" and move it there")
	}
}

// broken is why a merged Go file cannot be; empty if it can.
func broken(name string, text []byte) string {
	f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return "a merge that does not parse: " + err.Error()
	}
	seen := map[string]bool{}
	for _, imp := range f.Imports {
		if seen[imp.Path.Value] && imp.Name == nil {
			return "an import of " + imp.Path.Value + " from both of you"
		}
		seen[imp.Path.Value] = true
	}
	return ""
}

// arranged is the text of f with the parts of its methods as base has them, and
// in that order, where new ones went behind the others: what a method put into
// a file is the user's from then on, and an upgrade is about what is around it.
func (u *update) arranged(f render.File, base []byte) []byte {
	known := u.parts(f.Path)
	var slots []slot
	for i, p := range f.Parts {
		text := []byte(p.Gofmt())
		from := bytes.Index(f.Text, text)
		if from < 0 || bytes.Count(f.Text, text) != 1 {
			return f.Text
		}
		s, ok := known[p.Method]
		if !ok {
			s = slot{rank: len(base) + i, text: text}
		}
		s.from, s.to = from, from+len(text)
		slots = append(slots, s)
	}
	slices.SortFunc(slots, func(a, b slot) int { return cmp.Compare(a.from, b.from) })
	ranked := slices.SortedStableFunc(slices.Values(slots), func(a, b slot) int { return cmp.Compare(a.rank, b.rank) })
	var out bytes.Buffer
	from := 0
	for i, s := range slots {
		out.Write(f.Text[from:s.from])
		out.Write(ranked[i].text)
		from = s.to
	}
	out.Write(f.Text[from:])
	return out.Bytes()
}

// slot is where a rendered file has the part of a method, and what is to be
// there.
type slot struct {
	from, to int
	rank     int
	text     []byte
}

// parts are what methods have put into the base of a file.
func (u *update) parts(name string) map[string]slot {
	out := map[string]slot{}
	f, err := parser.ParseFile(token.NewFileSet(), name, u.bases[name], parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return out
	}
	src := &source{files: []*goFile{{name, u.bases[name], f}}}
	for _, fn := range src.functions() {
		for _, m := range u.next.Methods {
			if u.baseIn.about(fn, m) {
				from, _ := fn.span()
				out[m] = slot{rank: from, text: []byte(fn.text())}
			}
		}
	}
	return out
}

// withoutOrphans is a base without the methods that the interface has no more:
// they are the user's to remove.
func (u *update) withoutOrphans(name string, base []byte) []byte {
	if path.Ext(name) != ".go" {
		return base
	}
	src, err := parseSource(map[string][]byte{name: base})
	if err != nil {
		return base
	}
	in := u.inserter(src)
	in.impl = u.baseIn.impl
	live := map[string]bool{}
	for _, f := range u.files {
		for _, p := range f.Parts {
			live[p.Method] = true
		}
	}
	for _, m := range u.next.Methods {
		for _, fn := range slices.Clone(in.functions) {
			if !live[m] && in.about(fn, m) {
				in.remove(fn)
			}
		}
	}
	text, err := in.result(src.files[0])
	if err != nil {
		return base
	}
	return text
}
