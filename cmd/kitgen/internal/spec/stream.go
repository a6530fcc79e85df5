package spec

import (
	"go/types"
	"net/http"
	"slices"
	"strings"
)

// Streams reports whether the method takes or answers a sequence.
func (m *Method) Streams() bool { return m.StreamIn || m.StreamOut }

// Item is the element of the sequence that the method takes.
func (m *Method) Item() Field { return m.Params[len(m.Params)-1] }

// Head is what the method takes beside a sequence.
func (m *Method) Head() []Field {
	if m.StreamIn {
		return m.Params[:len(m.Params)-1]
	}
	return m.Params
}

// sequence is the type of a sequence's elements: one for iter.Seq, two for
// iter.Seq2, and none for what is neither.
func sequence(t types.Type) []types.Type {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != "iter" {
		return nil
	}
	return slices.Collect(named.TypeArgs().Types())
}

// takeStreams finds the sequences of a method, and leaves their elements in their
// place: one in the last parameter, and one that is all of its results.
func (l *loader) takeStreams(m *Method, c *call) {
	for i, p := range c.params {
		elems := sequence(p.typ)
		switch {
		case elems == nil:
			continue
		case len(elems) == 2:
			l.bad(p.expr.Pos(), "KG040", "write iter.Seq["+types.TypeString(elems[0], l.qualify)+"]; when what is sent breaks off, the context ends first",
				"parameter %s of %s is %s, and a client sends no error", p.name, m.Name, l.text(p.expr))
		case i < len(c.params)-1:
			l.bad(p.expr.Pos(), "KG040", "put it last", "parameter %s of %s is a sequence, and what is sent comes after everything else", p.name, m.Name)
		}
		m.StreamIn, c.params[i].typ = true, elems[0]
	}
	for i, r := range c.results {
		elems := sequence(r.typ)
		switch {
		case elems == nil:
			continue
		case len(elems) == 1:
			l.bad(r.expr.Pos(), "KG040", "write iter.Seq2["+types.TypeString(elems[0], l.qualify)+", error]", "%s answers %s, which cannot say that it broke off", m.Name, l.text(r.expr))
		case !(value{typ: elems[1]}).isError():
			l.bad(r.expr.Pos(), "KG040", "write iter.Seq2["+types.TypeString(elems[0], l.qualify)+", error], with a struct for its elements if one value is not enough",
				"%s answers %s, and what is sent is one value at a time, or an error", m.Name, l.text(r.expr))
		case len(c.results) > 1:
			l.bad(r.expr.Pos(), "KG040", "answer the sequence alone, with the rest in its elements or in a method of its own", "%s answers a sequence and something else", m.Name)
		}
		m.StreamOut, c.results[i].typ = true, elems[0]
	}
	if m.Streams() {
		l.checkStreams(m, c)
	}
}

// checkStreams reports what directives say of a method and is nothing for streams.
func (l *loader) checkStreams(m *Method, c *call) {
	bad := func(code, fix, format string) { l.bad(c.name.Pos(), code, fix, format, m.Name) }
	switch {
	case m.NoError:
		bad("KG062", "return an error", "%s is marked //kit:noerror, and a stream that cannot be opened has nothing else to say so")
	case m.Idempotent && m.StreamIn:
		bad("KG062", "remove the directive", "%s is marked //kit:idempotent, and a sequence cannot be taken a second time")
	}
	if m.HTTP == nil || !m.StreamIn {
		return
	}
	switch {
	case slices.Contains([]string{http.MethodGet, http.MethodDelete}, m.HTTP.Verb):
		l.badAt(m.HTTP.Pos, "KG051", "make the route a POST", "%s takes a sequence, and a %s has no body", m.Name, m.HTTP.Verb)
	case m.StreamIn && strings.Contains(m.HTTP.Path, "{"):
		l.badAt(m.HTTP.Pos, "KG050", "leave its variables out: the first line of the body has all parameters", "path %s of %s has variables, and the method takes a sequence", m.HTTP.Path, m.Name)
	}
}

// sequenceOf is what to write for a channel.
func sequenceOf(elem types.Type, l *loader) string {
	t := types.TypeString(elem, l.qualify)
	return "iter.Seq2[" + t + ", error] as the result, or iter.Seq[" + t + "] as the last parameter"
}
