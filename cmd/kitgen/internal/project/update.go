package project

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
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
	b := bases{}
	for _, f := range files {
		b.begin(f)
	}
	base, err := b.text()
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	for _, f := range append(files, render.File{Path: ManifestPath, Text: text}, render.File{Path: BasePath, Text: base}) {
		p.Changes = append(p.Changes, Change{Verb: Create, Path: f.Path, New: f.Text})
	}
	p.sort()
	return p, nil
}

// foreign refuses an interface file that declares what the others do.
func foreign(files []render.File) error {
	own := map[string][]byte{}
	var others []render.File
	for _, f := range files {
		if f.Kind == render.Interface {
			own[f.Path] = f.Text
		} else {
			others = append(others, f)
		}
	}
	src, err := parseSource(own)
	if err != nil {
		return err
	}
	return src.collisions(others)
}

// Options say how far an Update may go. The zero value rewrites what nobody
// edited, and inserts.
type Options struct {
	Force   bool     // give up what was edited by hand in generated files
	Module  string   // import path of the service's package
	Renames []Rename // of methods
	Prune   bool     // remove what the interface no longer has, if nobody touched it
	Upgrade bool     // merge into the user's files what this kitgen writes otherwise
	Resolve Resolve  // conflicts of that; Side if empty
}

// Update plans how the service in dir, whose manifest is old, becomes what
// files say. Generated files that were edited by hand are in Plan.Edited, and
// the plan must not be applied if there are any.
func Update(dir fs.FS, old *Manifest, next Manifest, files []render.File, opt Options) (*Plan, error) {
	next.Templates = old.Templates
	u := &update{dir: dir, old: *old, next: next, opt: opt, generated: map[string][]byte{}, notes: map[string][]string{}, others: map[string][]byte{}}
	u.files = u.wanted(files)
	for i, f := range u.files {
		if slices.Contains(old.Seeded, f.Path) && f.Kind == render.Generated { // ejected
			u.files[i].Kind, u.files[i].Text = render.Seeded, disown(f.Text)
			u.ejected = append(u.ejected, f.Path)
		} else if f.Kind != render.Seeded && f.Kind != render.Interface {
			u.generated[f.Path] = f.Text
		}
	}
	for _, step := range []func() error{u.readAll, u.renames, u.reconcile, u.stale, u.inserted, u.upgrade, u.mentions, u.remember} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	u.plan.sort()
	return &u.plan, nil
}

// wanted are files without those that only tests of a program use, where the
// user removed these tests.
func (u *update) wanted(files []render.File) []render.File {
	used := map[string]bool{} // by directory
	for _, f := range files {
		if f.Kind == render.Seeded && strings.HasSuffix(f.Path, "_test.go") {
			_, err := fs.Stat(u.dir, f.Path)
			used[path.Dir(f.Path)] = used[path.Dir(f.Path)] || err == nil || !slices.Contains(u.old.Seeded, f.Path)
		}
	}
	return slices.DeleteFunc(slices.Clone(files), func(f render.File) bool {
		dir := path.Dir(f.Path)
		return f.Kind == render.Generated && strings.HasSuffix(f.Path, "_gen_test.go") && dir != "." && !used[dir]
	})
}

type update struct {
	dir       fs.FS
	old, next Manifest
	files     []render.File
	opt       Options
	generated map[string][]byte
	ejected   []string

	bases        bases
	origins      origins
	src, baseSrc *source
	texts        map[string][]byte // of src, as they are on the disk
	in, baseIn   *inserter
	notes        map[string][]string // of renames, by file
	renamed      []Rename            // that were done
	others       map[string][]byte   // files of the user's packages below that use this one, as a rename leaves them
	plan         Plan
}

// readAll reads the user's files and what they are based on.
func (u *update) readAll() (err error) {
	u.src, err = readSource(u.dir, func(name string) bool {
		return u.generated[name] != nil || u.old.Generated[name] != ""
	})
	if err != nil {
		return err
	}
	kitgens := slices.DeleteFunc(slices.Clone(u.files), func(f render.File) bool { return u.generated[f.Path] == nil })
	if err := u.src.collisions(kitgens); err != nil {
		return err
	}
	u.texts = map[string][]byte{}
	for _, f := range u.src.files {
		u.texts[f.name] = f.text
	}
	if u.bases, err = readBases(u.dir); err != nil {
		return err
	}
	if u.baseSrc, err = u.bases.source(u.files); err != nil {
		return fmt.Errorf("%s: %w", BasePath, err)
	}
	u.origins = u.baseSrc.origins()
	return nil
}

// inserter is one for the user's files or for what they are based on.
func (u *update) inserter(src *source) *inserter {
	in := newInserter(src, slices.Concat(u.next.Methods, u.old.Methods))
	in.origins, in.generated = u.origins, u.generated
	return in
}

// reconcile decides about each file, and does the same to what the user's
// files are based on as to them.
func (u *update) reconcile() error {
	u.in, u.baseIn = u.inserter(u.src), u.inserter(u.baseSrc)
	u.baseIn.origins = u.baseSrc.origins()
	u.baseIn.unmended = u.in.unmended // stay as they are here, so that the next run tells again
	u.next.Methods = append(slices.Clone(u.next.Methods), u.orphans(u.next.Methods)...)
	for _, f := range u.files {
		if err := u.file(f); err != nil {
			return err
		}
	}
	u.plan.Manual = u.in.manual
	for _, f := range u.baseSrc.files {
		text, err := u.baseIn.result(f)
		if err != nil {
			return fmt.Errorf("%s: %w", BasePath, err)
		}
		u.bases[f.name] = text
	}
	return nil
}

// Read reads a file that may be missing.
func Read(dir fs.FS, path string) (text []byte, there bool, err error) {
	text, err = fs.ReadFile(dir, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, unreadable(path, err)
	}
	return text, true, nil
}

// file decides about one rendered file.
func (u *update) file(f render.File) error {
	text, there, err := Read(u.dir, f.Path)
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
		return errors.Join(u.in.add(f), u.baseIn.add(f))
	case seeded && there: // theirs by chance
		c.Verb, c.New = Identical, text
	case !there:
		c.Verb = Create
		u.bases.begin(f)
	case same(text, f.Text):
		c.Verb, c.New = Identical, text
	case hash(text) != u.old.Generated[f.Path] && !u.opt.Force:
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
		text, there, err := Read(u.dir, path)
		if err != nil {
			return err
		}
		c := Change{Verb: Remove, Path: path, Old: text}
		switch {
		case !there:
		case hash(text) != recorded && !u.opt.Force:
			u.plan.Edited = append(u.plan.Edited, c)
		default:
			u.plan.Changes = append(u.plan.Changes, c)
		}
	}
	return nil
}

// inserted turns the changes of files of the user's into those that they get.
func (u *update) inserted() error {
	for _, file := range u.src.files {
		text, err := u.in.result(file)
		if err != nil {
			return err
		}
		notes := slices.Concat(u.notes[file.name], u.in.notes[file])
		if len(notes) > 0 {
			u.change(Change{Verb: Insert, Path: file.name, Old: u.texts[file.name], New: text, Note: strings.Join(notes, ", ")})
		}
	}
	for name, text := range u.others {
		u.change(Change{Verb: Insert, Path: name, Old: u.texts[name], New: text, Note: strings.Join(u.notes[name], ", ")})
	}
	return nil
}

// change puts c in the place of what was planned for its file.
func (u *update) change(c Change) {
	if bytes.Equal(c.Old, c.New) && c.Verb != Create {
		c.Verb, c.Note = Identical, ""
	}
	i := slices.IndexFunc(u.plan.Changes, func(have Change) bool { return have.Path == c.Path })
	if i < 0 {
		u.plan.Changes = append(u.plan.Changes, c)
		return
	}
	u.plan.Changes[i] = c
}

// remember writes down what the next run must know.
func (u *update) remember() error {
	u.next.record(u.files)
	for _, path := range u.old.Seeded { // stay seeded, and stay the user's, for ever
		if !slices.Contains(u.next.Seeded, path) {
			u.next.Seeded = append(u.next.Seeded, path)
		}
	}
	slices.Sort(u.next.Seeded)
	return u.memory()
}

// memory plans the files of what kitgen remembers.
func (u *update) memory() error {
	manifest, err := u.next.text()
	if err != nil {
		return err
	}
	base, err := u.bases.text()
	if err != nil {
		return err
	}
	return errors.Join(u.own(ManifestPath, manifest), u.own(BasePath, base))
}

// own plans a file that is kitgen's alone.
func (u *update) own(path string, text []byte) error {
	old, there, err := Read(u.dir, path)
	if err != nil {
		return err
	}
	c := Change{Verb: Rewrite, Path: path, Old: old, New: text}
	switch {
	case !there:
		c.Verb = Create
	case same(old, text):
		c.Verb, c.New = Identical, old
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
