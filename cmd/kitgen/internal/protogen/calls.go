package protogen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// compareCalls refuses what callers of the committed calls would stumble over:
// another message for a call, and a call that seems to have another name now.
// A call that is gone is no problem here: its callers are told that there is
// no such call.
func (l *lock) compareCalls(methods []spec.Method, messages []message) {
	var gone []call
	for _, was := range l.calls {
		i := slices.IndexFunc(methods, func(m spec.Method) bool { return m.PB == was.name })
		if i < 0 {
			gone = append(gone, was)
			continue
		}
		l.compareCall(was, methods[i])
	}
	for _, m := range methods {
		if !slices.ContainsFunc(l.calls, func(was call) bool { return was.name == m.PB }) {
			l.suspectRenamedCall(m, callOf(m).carries(messages), gone)
		}
	}
}

func (l *lock) compareCall(was call, m spec.Method) {
	for _, side := range []struct{ what, was, is string }{
		{"request", was.in, callOf(m).in},
		{"response", was.out, callOf(m).out},
	} {
		if side.was == side.is {
			continue
		}
		fix := "keep it a stream, or none, and give the other way a method of its own"
		if strings.HasPrefix(side.was, "stream ") == strings.HasPrefix(side.is, "stream ") {
			fix = "write //kit:proto " + side.what + "=" + strings.TrimPrefix(side.was, "stream ") + " above it, or give the other message a method of its own"
		}
		l.refuse(m.Pos, "KG060", fmt.Sprintf("the %s of %s is %s now, but %s in the committed %s, and callers built from that would misread it", side.what, m.Name, side.is, side.was, l.file), fix)
	}
}

// suspectRenamedCall refuses a new method beside one that is gone and carried
// the same.
func (l *lock) suspectRenamedCall(m spec.Method, carries string, gone []call) {
	for _, was := range gone {
		if was.carries(l.messages) != carries {
			continue
		}
		l.refuse(m.Pos, "KG060",
			fmt.Sprintf("method %s is new, and %s with the same parameters and results is gone, but in the committed %s: if it was renamed, callers still use the old name", m.Name, was.name, l.file),
			"write //kit:was "+was.name+" above it; if it is another method, remove the old one in one run of kitgen generate and add this in the next")
		return
	}
}

// carries is the content of a call, the same for two that differ in name only.
func (c call) carries(messages []message) string {
	side := func(name, own string) string {
		for _, m := range messages {
			if stream, ok := strings.CutSuffix(name, m.name); ok && m.name == own && (stream == "" || stream == "stream ") {
				return stream + shape(m.fields)
			}
		}
		return name
	}
	return side(c.in, c.name+"Request") + " -> " + side(c.out, c.name+"Response")
}

func shape(fields []field) string {
	var parts []string
	for _, f := range fields {
		parts = append(parts, f.name+" "+plain(f.typ))
	}
	slices.Sort(parts)
	return "(" + strings.Join(parts, ", ") + ")"
}

// callOf is the rpc of a method.
func callOf(m spec.Method) call {
	c := call{m.PB, m.In.PB, m.Out.PB}
	if m.StreamIn {
		c.in = "stream " + c.in
	}
	if m.StreamOut {
		c.out = "stream " + c.out
	}
	return c
}
