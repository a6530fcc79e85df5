package httpgate

import (
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// compareOperations goes through what callers call. That one is gone is no problem
// here: its callers are told that there is no such thing.
func (g *gate) compareOperations() {
	var gone []*operation
	for _, was := range g.old.operations {
		switch named, at := g.next.named(was.ID), g.next.at(was); {
		case named != nil && named.shape() != was.shape():
			g.moved(was, named)
			g.compareAnswers(was, named, g.method(named))
		case at != nil:
			g.compareOperation(was, at)
		default:
			gone = append(gone, was)
		}
	}
	renamed := make(map[*operation]bool)
	for _, is := range g.next.operations {
		if g.old.at(is) == nil && g.old.named(is.ID) == nil {
			if was := g.suspectRenamed(is, gone); was != nil {
				renamed[was] = true
				g.compareOperation(was, is)
			}
		}
	}
	for _, was := range gone {
		if !renamed[was] {
			g.lose(g.svc.File+":1:1", "%s is gone from %s: who still calls it is told that there is no such method", was.ID, was.route()).Gone = was.ID
		}
	}
}

// breakHTTP is the way out of every refusal.
const breakHTTP = ", or start a new contract over HTTP with kitgen generate --break-wire=http"

// moved refuses another route for a method that callers know.
func (g *gate) moved(was, is *operation) {
	m := g.method(is)
	pos := m.Pos
	if m.HTTP != nil {
		pos = m.HTTP.Pos
	}
	g.refuse(pos, "write //kit:http "+was.route()+" above it, or give the new route a method of its own"+breakHTTP,
		"%s is at %s now, but at %s in the committed %s, where callers look for it", m.Name, is.route(), was.route(), g.file)
}

// suspectRenamed refuses a new method beside one that is gone and had the same
// parameters and results.
func (g *gate) suspectRenamed(is *operation, gone []*operation) *operation {
	i := slices.IndexFunc(gone, func(was *operation) bool { return g.old.carries(was) == g.next.carries(is) })
	if i < 0 {
		return nil
	}
	m, was := g.method(is), gone[i]
	fix := "write //kit:was " + was.ID + " above it"
	if m.HTTP != nil || was.route() != "POST /"+strings.ToLower(was.ID) {
		fix = "write //kit:http " + was.route() + " above it"
	}
	g.refuse(m.Pos, fix+"; if it is another method, remove the old one in one run of kitgen generate and add this in the next",
		"method %s is new, and %s at %s with the same parameters and results is gone, but in the committed %s: if it was renamed, callers still use the old name", m.Name, was.ID, was.route(), g.file)
	return was
}

// carries is the content of an operation, the same for two that differ in their name
// and place only.
func (d *document) carries(o *operation) string {
	var parts []string
	for _, p := range o.Parameters {
		parts = append(parts, p.Name+" "+d.text(p.Schema))
	}
	for _, b := range []*body{o.Body, o.answer()} {
		parts = append(parts, "->")
		for _, s := range b.schemas() {
			v := d.see(s)
			for _, key := range v.keys() {
				parts = append(parts, key+" "+d.text(v.Properties[key]))
			}
		}
	}
	return strings.Join(parts, ", ")
}

// compareOperation compares what is at one route.
func (g *gate) compareOperation(was, is *operation) {
	m := g.method(is)
	params := owner{name: m.Name, pos: m.Pos, fields: m.Params, method: &m}
	if !g.comparePath(was, is, m, params) {
		return
	}
	query := params
	query.query = true
	g.compareKeys(g.old.see(was.query()), g.next.see(is.query()), sent, query)
	if g.sameMedia(m, "takes", was.Body, is.Body) {
		g.compareBodies(was.Body, is.Body, sent, params)
	}
	g.compareAnswers(was, is, m)
}

func (g *gate) compareAnswers(was, is *operation, m spec.Method) {
	if g.sameMedia(m, "answers", was.answer(), is.answer()) {
		g.compareBodies(was.answer(), is.answer(), received, owner{name: m.Name, pos: m.Pos, fields: m.Results, method: &m})
	}
}

// comparePath compares the variables of a path, which have a place and no name. It
// reports whether they are those that they were.
func (g *gate) comparePath(was, is *operation, m spec.Method, params owner) (same bool) {
	same = true
	before, now := was.in("path"), is.in("path")
	for i := range min(len(before), len(now)) {
		name := now[i].Name
		f := params.field(name)
		if j := slices.IndexFunc(m.InPath(), func(f spec.Field) bool { return f.Name == name }); j >= 0 {
			f = m.InPath()[j]
		}
		_, elsewhere := is.query().Properties[before[i].Name]
		for _, s := range is.Body.schemas() {
			_, ok := g.next.see(s).Properties[before[i].Name]
			elsewhere = elsewhere || ok
		}
		if elsewhere {
			g.refuse(f.Pos, "put {"+before[i].Name+"} there again, or give the new route a method of its own"+breakHTTP,
				"{%s} is where {%s} of %s is in the committed %s, and callers over HTTP would misread it", name, before[i].Name, params.name, g.file)
			same = false
			continue
		}
		g.compare(before[i].Schema, now[i].Schema, sent, place{name + " of " + params.name, f.Pos})
	}
	return same
}

// sameMedia refuses a stream in the place of one value, and the other way round, and a
// stream whose first line is something else.
func (g *gate) sameMedia(m spec.Method, verb string, was, is *body) bool {
	what := func(b *body) string {
		switch {
		case !b.streams():
			return "one JSON value"
		case len(b.schemas()) > 1:
			return "a line of parameters, and one for each element"
		}
		return "a line for each element"
	}
	if what(was) == what(is) || was == nil || is == nil && !was.streams() {
		return true
	}
	g.refuse(m.Pos, "keep it as it was, and give the other way a method of its own"+breakHTTP,
		"%s %s %s now, but %s in the committed %s, and callers over HTTP would misread it", m.Name, verb, what(is), what(was), g.file)
	return false
}

func (g *gate) compareBodies(was, is *body, d direction, of owner) {
	before, now := was.schemas(), is.schemas()
	for i := range max(len(before), len(now)) {
		a, b := &schema{Type: words{"object"}}, &schema{Type: words{"object"}}
		if i < len(before) {
			a = before[i]
		}
		if i < len(now) {
			b = now[i]
		}
		g.compareKeys(g.old.see(a), g.next.see(b), d, of)
	}
}
