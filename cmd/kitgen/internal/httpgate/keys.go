package httpgate

import (
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// owner is what has keys: a method's request or response, or a struct.
type owner struct {
	name, pos string
	fields    []spec.Field
	method    *spec.Method // nil of a struct
	query     bool
}

// field is the one that has a key; if none has, one that is where the owner is.
func (o owner) field(key string) spec.Field {
	for _, f := range o.fields {
		if f.JSON == key {
			return f
		}
	}
	return spec.Field{Name: key, Go: key, Pos: o.pos}
}

// compareKeys compares two objects key by key.
func (g *gate) compareKeys(was, is value, d direction, of owner) {
	var gone, suspected []string
	for _, key := range was.keys() {
		if _, ok := is.Properties[key]; !ok {
			gone = append(gone, key)
		}
	}
	for _, key := range is.keys() {
		before, known := was.Properties[key]
		f := of.field(key)
		switch {
		case known && of.query:
			g.compareQuery(before, is.Properties[key], place{f.Name + " of " + of.name, f.Pos})
		case known:
			g.compare(before, is.Properties[key], d, place{f.Name + " of " + of.name, f.Pos})
		case f.Number == 0: // one that asks for a number is not what another was
			if i := g.suspectKey(key, is.Properties[key], gone, was, of); i >= 0 {
				gone, suspected = slices.Delete(gone, i, i+1), append(suspected, key)
			}
		}
	}
	g.compareRequired(was, is, d, of, suspected)
	if len(gone) == 0 {
		return
	}
	names := strings.Join(gone, ", ")
	switch {
	case of.query:
		g.lose(of.pos, "%s is gone from the query of %s: who still sends it is told that there is no such parameter", names, of.name).Apart = true
	case of.method == nil:
		g.lose(of.pos, "%s of %s is gone: who still sends it is not heard, who still reads it finds nothing", names, of.name)
	case d == sent:
		g.lose(of.pos, "%s is gone from the request of %s: who still sends it is not heard", names, of.name)
	default:
		g.lose(of.pos, "%s is gone from the response of %s: who still reads it finds nothing", names, of.name)
	}
}

// suspectKey refuses a new key beside one that is gone and had its type, and returns
// which that is; -1 if none had.
func (g *gate) suspectKey(key string, is *schema, gone []string, was value, of owner) int {
	typ := g.next.text(is)
	i := slices.IndexFunc(gone, func(k string) bool { return g.old.text(was.Properties[k]) == typ })
	if i < 0 {
		return i
	}
	f, before := of.field(key), gone[i]
	fix := "tag it json:\"" + before + "\""
	if of.method != nil {
		fix = "write //kit:was " + f.Name + "=" + before + " above the method"
	}
	c := g.refuse(f.Pos, fix+"; if it is another one, remove the old one in one run of kitgen generate and add this in the next",
		"%s of %s is new, and %s of the same type is gone from the committed %s: if it was renamed, callers still use the old name", key, of.name, before, g.file)
	if of.method == nil {
		c.Here = fix
	}
	return i
}

// compareRequired compares which keys have to be there.
func (g *gate) compareRequired(was, is value, d direction, of owner, suspected []string) {
	from, to := was, is
	if d == received {
		from, to = is, was
	}
	for _, key := range to.Required {
		f := of.field(key)
		_, there := from.Properties[key]
		switch {
		case slices.Contains(from.Required, key), slices.Contains(suspected, key):
		case d == sent:
			g.refuse(f.Pos, "let it be missing"+breakHTTP, "%s of %s must be there now, and callers of the committed %s may leave it out", f.Name, of.name, g.file)
		case there:
			g.widen(f.Pos, "%s of %s may be missing now", f.Name, of.name)
		}
	}
}

// compareQuery is compare for a parameter in a query, where one value and a list of
// one look the same.
func (g *gate) compareQuery(was, is *schema, at place) {
	if list := g.next.see(is); list.kind() == "array" && g.old.see(was).kind() != "array" {
		is = list.Items
	}
	g.compare(was, is, sent, at)
}

// compareCodes compares the service's own errors.
func (g *gate) compareCodes() {
	here := func(e spec.Error) bool { _, ok := g.next.codes[e.Code]; return ok }
	var gone []string
	for code := range g.old.codes {
		if _, ok := g.next.codes[code]; !ok {
			gone = append(gone, code)
		}
	}
	slices.Sort(gone)
	for _, e := range g.svc.Errors {
		status, known := g.old.codes[e.Code]
		switch {
		case known && here(e) && status != e.Status:
			g.refuse(e.Pos, "keep the status, or give the new one a code of its own"+breakHTTP,
				"code %s has status %d now, but %d in the committed %s, and callers over HTTP go by it", e.Code, e.Status, status, g.file)
		case !known && here(e):
			gone = g.suspectCode(e, gone)
		}
	}
	for _, code := range gone {
		g.lose(g.svc.File+":1:1", "code %s is gone: who tells that failure from others does not meet it any more", code).Apart = true
	}
}

// suspectCode refuses a new code beside one that is gone and had its status.
func (g *gate) suspectCode(e spec.Error, gone []string) []string {
	i := slices.IndexFunc(gone, func(code string) bool { return g.old.codes[code] == e.Status })
	if i < 0 {
		return gone
	}
	g.refuse(e.Pos, "keep the code "+gone[i]+"; if it is another error, remove the old one in one run of kitgen generate and add this in the next",
		"code %s is new, and %s of the same status is gone, but in the committed %s: if it was renamed, callers still know the old one", e.Code, gone[i], g.file)
	return slices.Delete(slices.Clone(gone), i, i+1)
}
