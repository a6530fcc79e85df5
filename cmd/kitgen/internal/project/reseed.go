package project

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// Reseed plans what becomes of seeded files whose text is another now: was and
// now are the files of the service before and after, such as with one transport
// and with two. A file that nobody changed gets its new text. One that somebody
// did stays as it is, and the plan says what to change in it by hand.
func (p *Plan) Reseed(was, now []render.File) {
	for _, f := range now {
		i := slices.IndexFunc(was, func(w render.File) bool { return w.Path == f.Path })
		if f.Kind != render.Seeded || i < 0 || bytes.Equal(was[i].Text, f.Text) {
			continue
		}
		p.reseed(f.Path, was[i].Text, f.Text)
	}
}

func (p *Plan) reseed(path string, was, now []byte) {
	i := slices.IndexFunc(p.Changes, func(c Change) bool { return c.Path == path })
	if i < 0 { // the user removed it, or it is new and has its text already
		return
	}
	c := &p.Changes[i]
	switch {
	case c.Verb != Identical || bytes.Equal(c.Old, now):
	case bytes.Equal(c.Old, was):
		c.Verb, c.New = Rewrite, now
	default:
		p.Manual = append(p.Manual, Manual{
			Where: fmt.Sprintf("%s: is yours by now, and would differ like this", path),
			Text:  diff.Diff("a/"+path, was, "b/"+path, now),
		})
	}
}
