package project

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// New plans a service where there is nothing yet.
func New(m Manifest, files []render.File) (*Plan, error) {
	if err := foreign(files); err != nil {
		return nil, err
	}
	m.record(files)
	text, err := m.text()
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	for _, f := range append(files, render.File{Path: ManifestPath, Text: text}) {
		p.Changes = append(p.Changes, Change{Verb: Create, Path: f.Path, New: f.Text})
	}
	p.sort()
	return p, nil
}

// foreign refuses an interface file that declares what the others do.
func foreign(files []render.File) error {
	own := map[string][]byte{}
	others := map[string][]byte{}
	for _, f := range files {
		if f.Kind == render.Interface {
			own[f.Path] = f.Text
		} else {
			others[f.Path] = f.Text
		}
	}
	src, err := parseSource(own)
	if err != nil {
		return err
	}
	return src.collisions(others)
}

// Update plans how the service in dir, whose manifest is old, becomes what
// files say. force gives up what was edited by hand in generated files;
// without it such files are in Plan.Edited and must not be applied.
func Update(dir fs.FS, old *Manifest, next Manifest, files []render.File, force bool) (*Plan, error) {
	u := &update{dir: dir, old: old, force: force, generated: map[string][]byte{}}
	for _, f := range files {
		if f.Kind != render.Seeded && f.Kind != render.Interface {
			u.generated[f.Path] = f.Text
		}
	}
	src, err := readSource(dir, func(name string) bool { return u.generated[name] != nil || old.Generated[name] != "" })
	if err != nil {
		return nil, err
	}
	if err := src.collisions(u.generated); err != nil {
		return nil, err
	}
	u.in = newInserter(src, slices.Concat(next.Methods, old.Methods))
	for _, f := range files {
		if err := u.file(f); err != nil {
			return nil, err
		}
	}
	if err := u.stale(); err != nil {
		return nil, err
	}
	if err := u.inserted(); err != nil {
		return nil, err
	}
	next.Methods = append(slices.Clone(next.Methods), u.orphans(next.Methods)...)
	next.record(files)
	if err := u.manifest(&next); err != nil {
		return nil, err
	}
	u.plan.Manual = u.in.manual
	u.plan.sort()
	return &u.plan, nil
}

type update struct {
	dir       fs.FS
	old       *Manifest
	force     bool
	generated map[string][]byte
	in        *inserter
	plan      Plan
}

func (u *update) read(path string) (text []byte, there bool, err error) {
	text, err = fs.ReadFile(u.dir, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read service: %w", err)
	}
	return text, true, nil
}

// file decides about one rendered file.
func (u *update) file(f render.File) error {
	text, there, err := u.read(f.Path)
	if err != nil {
		return err
	}
	c := Change{Verb: Rewrite, Path: f.Path, Old: text, New: f.Text}
	seeded := f.Kind == render.Seeded || f.Kind == render.Interface
	switch {
	case seeded && slices.Contains(u.old.Seeded, f.Path):
		if there {
			u.plan.Changes = append(u.plan.Changes, Change{Verb: Identical, Path: f.Path, Old: text, New: text})
		}
		return u.in.add(f)
	case seeded && there: // theirs by chance
		c.Verb, c.New = Identical, text
	case !there:
		c.Verb = Create
	case bytes.Equal(text, f.Text):
		c.Verb = Identical
	case hash(text) != u.old.Generated[f.Path] && !u.force:
		u.plan.Edited = append(u.plan.Edited, c)
		return nil
	}
	u.plan.Changes = append(u.plan.Changes, c)
	return nil
}

// stale plans the removal of generated files that are needed no more.
func (u *update) stale() error {
	for path, recorded := range u.old.Generated {
		if u.generated[path] != nil {
			continue
		}
		text, there, err := u.read(path)
		if err != nil {
			return err
		}
		c := Change{Verb: Remove, Path: path, Old: text}
		switch {
		case !there:
		case hash(text) != recorded && !u.force:
			u.plan.Edited = append(u.plan.Edited, c)
		default:
			u.plan.Changes = append(u.plan.Changes, c)
		}
	}
	return nil
}

// inserted turns the changes of files that got insertions.
func (u *update) inserted() error {
	for file, notes := range u.in.notes {
		text, err := u.in.result(file)
		if err != nil {
			return err
		}
		c := Change{Verb: Insert, Path: file.name, Old: file.text, New: text, Note: strings.Join(notes, ", ")}
		i := slices.IndexFunc(u.plan.Changes, func(c Change) bool { return c.Path == file.name })
		if i < 0 {
			u.plan.Changes = append(u.plan.Changes, c)
			continue
		}
		u.plan.Changes[i] = c
	}
	return nil
}

// orphans are the methods that the interface had and whose code is still
// there. Each of their places goes into the plan.
func (u *update) orphans(methods []string) []string {
	var out []string
	for _, m := range u.old.Methods {
		if slices.Contains(methods, m) {
			continue
		}
		found := false
		for _, fn := range u.in.functions {
			name := fn.decl.Name.Name
			if fn.recv == u.in.impl && name == m && fn.recv != "" || fn.recv == "" && name == "Test"+m {
				found = true
				u.plan.Orphans = append(u.plan.Orphans, fmt.Sprintf("%s %s: the interface has no %s; remove it, or rename it to the method it became", u.in.src.fset.Position(fn.decl.Pos()), name, m))
			}
		}
		if found {
			out = append(out, m)
		}
	}
	return out
}

func (u *update) manifest(next *Manifest) error {
	for _, path := range u.old.Seeded { // stay seeded, and stay the user's, for ever
		if !slices.Contains(next.Seeded, path) {
			next.Seeded = append(next.Seeded, path)
		}
	}
	slices.Sort(next.Seeded)
	text, err := next.text()
	if err != nil {
		return err
	}
	old, _, err := u.read(ManifestPath)
	if err != nil {
		return err
	}
	c := Change{Verb: Rewrite, Path: ManifestPath, Old: old, New: text}
	if bytes.Equal(old, text) {
		c.Verb = Identical
	}
	u.plan.Changes = append(u.plan.Changes, c)
	return nil
}

func (p *Plan) sort() {
	byPath := func(a, b Change) int { return cmp.Compare(a.Path, b.Path) }
	slices.SortFunc(p.Changes, byPath)
	slices.SortFunc(p.Edited, byPath)
	slices.Sort(p.Orphans)
}
