package protogen

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// enum is an enum as it will be printed.
type enum struct {
	doc      []string
	name     string
	values   []field // without types
	reserved reserved
}

// value is the one of that name.
func (e enum) value(name string) (field, bool) {
	return message{fields: e.values}.field(name)
}

// lockedEnum reads one enum back to what was printed.
func lockedEnum(e *descriptorpb.EnumDescriptorProto) enum {
	out := enum{name: e.GetName(), reserved: reserved{names: e.GetReservedName()}}
	for _, r := range e.GetReservedRange() {
		out.reserved.spans = append(out.reserved.spans, span{r.GetStart(), r.GetEnd()})
	}
	for _, v := range e.GetValue() {
		out.values = append(out.values, field{name: v.GetName(), number: v.GetNumber()})
	}
	return out
}

// carryEnum is an enum whose numbers come from the Go constants. A name that
// had another number is refused, a number that had another name, as most likely
// that is one value under a new name, and a number that is reserved; those that
// are gone are reserved.
func (l *lock) carryEnum(e spec.Enum) enum {
	out := enum{name: e.PB, doc: e.Doc}
	was := l.lockedEnums[e.PB]
	out.reserved = was.reserved.clone()
	gone := lostValues(was, e)
	for _, v := range e.Values {
		before, known := was.value(v.Proto)
		if i := slices.IndexFunc(gone, func(g field) bool { return g.number == v.Number }); i >= 0 && !known {
			l.refuse(v.Pos, "KG060",
				fmt.Sprintf("%s of %s is new, and its number %d is that of %s in the committed %s, which is gone: if it was renamed, callers still use the old name",
					v.Name, e.Name, v.Number, gone[i].name, l.file),
				fmt.Sprintf("write //kit:was %s above it; if it is another value, give it another number", spec.MessageName(strings.ToLower(gone[i].name))))
		}
		switch {
		case known && before.number != v.Number:
			l.refuse(v.Pos, "KG060", fmt.Sprintf("%s is %d, and %s was %d in the committed %s, which callers still send and mean", v.Name, v.Number, v.Proto, before.number, l.file),
				fmt.Sprintf("declare %s %s = %d, or give the new one a new name", v.Name, e.Name, before.number))
		case !known && was.reserved.contains(v.Number):
			l.refuse(v.Pos, "KG061", fmt.Sprintf("%s is %d, which the committed %s reserves for a value that is gone", v.Name, v.Number, l.file), "choose another number")
		}
		out.values = append(out.values, field{doc: v.Doc, name: v.Proto, number: v.Number})
		out.reserved.names = slices.DeleteFunc(out.reserved.names, func(n string) bool { return n == v.Proto })
	}
	for _, g := range gone {
		if !slices.ContainsFunc(out.values, func(now field) bool { return now.number == g.number }) {
			out.reserved.add(g.name, g.number)
		}
	}
	return out
}

// lostValues are those of was that e has no constant for.
func lostValues(was enum, e spec.Enum) []field {
	return slices.DeleteFunc(slices.Clone(was.values), func(g field) bool {
		return slices.ContainsFunc(e.Values, func(v spec.EnumValue) bool { return v.Proto == g.name })
	})
}

// retiredEnums are those that nothing needs any more but, perhaps, retired
// messages. They stay as they were.
func (l *lock) retiredEnums(enums []enum) (list []enum) {
	for _, was := range l.lockedEnums {
		if !slices.ContainsFunc(enums, func(e enum) bool { return e.name == was.name }) {
			was.doc = []string{"No longer used, and kept so that the name keeps its meaning."}
			list = append(list, was)
		}
	}
	slices.SortFunc(list, func(a, b enum) int { return cmp.Compare(a.name, b.name) })
	return list
}

func printEnum(w *bytes.Buffer, e enum) {
	w.WriteByte('\n')
	printDoc(w, "", e.doc)
	fmt.Fprintf(w, "enum %s {\n", e.name)
	e.reserved.print(w)
	for _, v := range e.values {
		printDoc(w, "  ", v.doc)
		fmt.Fprintf(w, "  %s = %d;\n", v.name, v.number)
	}
	w.WriteString("}\n")
}
