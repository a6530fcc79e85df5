package project

import (
	"bytes"
	"slices"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// Reseed plans what becomes of seeded files whose text is another now: was and
// now are the files of the service before and after, such as with one transport
// and with two. Into a file that somebody edited the change is merged; where
// both changed the same lines it stays as it is, and the plan says what to
// change in it by hand.
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
	if i < 0 || p.Changes[i].Verb == Create || bytes.Equal(p.Changes[i].New, now) {
		return // removed by the user, or new, or as it should be
	}
	c := &p.Changes[i]
	m := merge(was, c.New, now, false)
	switch {
	case m.conflicts > 0:
		p.Manual = append(p.Manual, Manual{
			Where: path + ": is yours by now, and would change like this",
			Text:  diff.Diff("a/"+path, was, "b/"+path, now),
		})
	case !bytes.Equal(m.text, c.Old):
		c.Verb, c.New = Rewrite, m.text
	}
}
