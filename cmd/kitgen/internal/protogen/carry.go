package protogen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// carry is a message with the numbers its fields had, and new ones for those
// that are new.
func (l *lock) carry(name string, doc []string, fields []spec.Field) message {
	was, known := l.message(name)
	m := message{name: name, doc: doc, reserved: was.reserved.clone()}
	var gone []field
	for _, f := range was.fields {
		if !slices.ContainsFunc(fields, func(now spec.Field) bool { return now.Proto == f.name }) {
			gone = append(gone, f)
			m.reserved.add(f.name, f.number)
		}
	}
	numbers := l.number(was, m.reserved, fields)
	for i, f := range fields {
		out := field{doc: f.Doc, typ: protoType(f.Type), name: f.Proto, number: numbers[i]}
		if before, ok := was.field(f.Proto); ok {
			out.typ = l.settle(name, f, before, out)
		} else if known && f.Number == 0 && !slices.Contains(m.reserved.names, f.Proto) {
			l.suspectRename(name, f, out.typ, gone)
		}
		// A name that comes back has another number, so that no number gets a second meaning.
		m.reserved.names = slices.DeleteFunc(m.reserved.names, func(n string) bool { return n == f.Proto })
		m.fields = append(m.fields, out)
	}
	return m
}

// number finds the number of each field: the one it had, the one it asks for
// by //kit:proto, or the next that never was another's.
func (l *lock) number(was message, taken reserved, fields []spec.Field) []int32 {
	numbers := make([]int32, len(fields))
	owner := make(map[int32]string)
	highest := int32(0)
	for _, f := range was.fields {
		highest = max(highest, f.number)
		owner[f.number] = f.name
	}
	for i, f := range fields {
		before, ok := was.field(f.Proto)
		switch {
		case ok:
			numbers[i] = before.number
			if f.Number != 0 && f.Number != before.number {
				l.refuse(f.Pos, "KG061",
					fmt.Sprintf("%s is number %d of %s in the committed %s, where //kit:proto asks for %d, and a number never changes its meaning", f.Name, before.number, was.name, l.file, f.Number),
					"remove the directive, or start a new contract with kitgen generate --break-wire")
			}
		case f.Number != 0 && l.grants(was.name, f, owner, taken):
			numbers[i], owner[f.Number] = f.Number, f.Proto
			taken.spans = append(taken.spans, span{f.Number, f.Number})
		}
	}
	for i, f := range fields {
		if numbers[i] == 0 {
			numbers[i] = taken.next(highest)
			if numbers[i] > maxNumber {
				numbers[i] = unused(owner, taken)
			}
			highest = max(highest, numbers[i])
			owner[numbers[i]] = f.Proto
		}
		if numbers[i] > maxNumber {
			l.refuse(f.Pos, "KG060", l.file+" reserves all numbers that are left for message "+was.name, "narrow the reserved range")
		}
	}
	return numbers
}

// unused is the first number that no field has or had, for when the last is taken;
// above maxNumber if there is none.
func unused(owner map[int32]string, taken reserved) int32 {
	all := taken.clone()
	for number := range owner {
		all.spans = append(all.spans, span{number, number})
	}
	return all.next(0)
}

// grants reports whether a new field can have the number it asks for.
func (l *lock) grants(message string, f spec.Field, owner map[int32]string, taken reserved) bool {
	var by string
	switch name, ok := owner[f.Number]; {
	case ok:
		by = "that of " + name
	case taken.contains(f.Number):
		by = "reserved in the committed " + l.file + " for a field that is gone"
	default:
		return true
	}
	l.refuse(f.Pos, "KG061", fmt.Sprintf("number %d of %s, which %s asks for, is %s", f.Number, message, f.Name, by),
		"choose another number, or none and get the next")
	return false
}

// suspectRename refuses a new field beside one that is gone and had its type:
// most likely that is one field under a new name, and what old peers send
// under its number would be dropped.
func (l *lock) suspectRename(message string, f spec.Field, typ string, gone []field) {
	var names []string
	for _, g := range gone {
		if plain(g.typ) == plain(typ) {
			names = append(names, g.name)
		}
	}
	if len(names) == 0 {
		return
	}
	was := "//kit:was " + spec.FieldName(names[0]) + " above it"
	if f.Name != f.Go {
		was = "//kit:was " + f.Name + "=" + spec.ParamName(names[0]) + " above the method"
	}
	l.refuse(f.Pos, "KG060",
		fmt.Sprintf("%s of %s is new, and %s of the same type is gone from the committed %s: if it was renamed, callers still use the old name", f.Name, message, strings.Join(names, " or "), l.file),
		"write "+was+", with the name it had; if it is another field, remove the old one in one run of kitgen generate and add this in the next")
}
