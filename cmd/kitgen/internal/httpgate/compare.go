package httpgate

import "slices"

// direction is who writes a value, and who reads it.
type direction bool

const (
	sent     direction = false // callers of before write it, the service of now reads it
	received direction = true  // the other way round
)

// comparison is one that need not be made twice, nor within itself.
type comparison struct {
	was, is value
	d       direction
}

// place is a value for messages: what it is called, and where it is in Go.
type place struct{ name, pos string }

// compare compares two types of one value.
func (g *gate) compare(was, is *schema, d direction, at place) {
	before, now := g.old.see(was), g.next.see(is)
	c := comparison{before, now, d}
	if g.seen[c] {
		return
	}
	g.seen[c] = true
	from, to := before, now
	if d == received {
		from, to = now, before
	}
	if !reads(from, to) {
		g.refuse(at.pos, "keep the type, or give the new one a new name"+breakHTTP,
			"%s is %s now, but %s in the committed %s, and callers over HTTP would misread it", at.name, g.next.text(is), g.old.text(was), g.file)
		return
	}
	g.compareRange(from, to, d, at)
	if to.kind() == "any" {
		return
	}
	switch {
	case !from.null || to.null:
	case d == sent:
		g.widen(at.pos, "null for %s means no more than zero now", at.name)
	default:
		g.widen(at.pos, "%s may be null now", at.name)
	}
	g.compareParts(before, now, d, at)
}

// compareParts compares what values are made of.
func (g *gate) compareParts(before, now value, d direction, at place) {
	switch now.kind() {
	case "array":
		g.compare(before.Items, now.Items, d, place{"each element of " + at.name, at.pos})
	case "map":
		g.compare(before.AdditionalProperties, now.AdditionalProperties, d, place{"each value of " + at.name, at.pos})
	case "object":
		of := owner{name: at.name, pos: at.pos}
		for _, s := range g.svc.Structs {
			if s.PB == now.name {
				of = owner{name: s.Name, pos: s.Pos, fields: s.Fields}
			}
		}
		g.compareKeys(before, now, d, of)
	case "string":
		if now.ContentSchema != nil && before.ContentSchema != nil {
			g.compare(before.ContentSchema, now.ContentSchema, d, at)
		}
	}
}

// reads reports whether what is written as from is a value of to, but for its size.
func reads(from, to value) bool {
	kind := from.kind()
	switch {
	case to.kind() == "any":
		return true
	case kind == "integer" && to.kind() == "number":
		return true
	case kind != to.kind():
		return false
	}
	switch kind {
	case "string":
		return readsText(from, to)
	case "integer":
		return within(from.Format, to.Format) || oneSign(from.Format, to.Format)
	case "array":
		return to.MaxItems == nil || from.MaxItems != nil && *from.MaxItems == *to.MaxItems
	case "map":
		return readsKeys(from.PropertyNames, to.PropertyNames)
	}
	return true
}

func readsText(from, to value) bool {
	return from.ContentEncoding == to.ContentEncoding && (from.ContentSchema == nil) == (to.ContentSchema == nil) &&
		(to.Format == "" || to.Format == from.Format) && (to.Pattern == "" || to.Pattern == from.Pattern)
}

// readsKeys reports whether keys of one map are keys of another.
func readsKeys(from, to *schema) bool {
	const whole, signed = "^[0-9]+$", "^-?[0-9]+$"
	switch {
	case to == nil || to.Pattern == "":
		return true
	case from == nil:
		return false
	}
	return from.Pattern == to.Pattern || from.Pattern == whole && to.Pattern == signed
}

// compareRange refuses a narrower range of numbers for what callers send, and tells of
// a wider one of what they read.
func (g *gate) compareRange(from, to value, d direction, at place) {
	if !slices.Contains([]string{"integer", "number"}, to.kind()) || within(from.Format, to.Format) {
		return
	}
	if d == sent {
		g.refuse(at.pos, "keep the type, or give the new one a new name"+breakHTTP,
			"%s is %s now, but %s in the committed %s, and what callers over HTTP send may not fit", at.name, to.Format, from.Format, g.file)
		return
	}
	g.widen(at.pos, "%s is %s now, and callers over HTTP know it as %s", at.name, from.Format, to.Format)
}
