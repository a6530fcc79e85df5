package spec

import (
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// describeStruct is a declared struct type as a message, which it adds to the
// service once.
func (l *loader) describeStruct(d declared, st *types.Struct, out *Type, u use) *Type {
	obj := d.named.Obj()
	key := types.TypeString(d.named, nil)
	if pb, ok := l.structs[key]; ok {
		out.PB = pb
		return out
	}
	s := Struct{Name: out.Name, PB: l.messageName(d), Pos: l.place(obj.Pos(), u)}
	if d.decl != nil {
		s.Doc = docLines(d.decl.doc)
	}
	l.asciiOnly(obj.Pos(), "struct", obj.Name())
	out.PB = s.PB
	l.addStruct(key, s, st, u, d.in != l.own)
	return out
}

// convertAnonymous is a struct type without a name, whose message is named
// after its place.
func (l *loader) convertAnonymous(st *types.Struct, out *Type, u use) *Type {
	if st.NumFields() == 0 {
		l.badUse(u, "KG034", "use a bool, or do without it", "%s: struct{} has no fields, so nothing of it would travel", l.describeUse(u))
		return nil
	}
	out.Kind, out.Name = StructT, out.Go
	key := types.TypeString(st, nil)
	if pb, ok := l.structs[key]; ok {
		out.PB = pb
		return out
	}
	out.PB = camel(u.name)
	l.addStruct(key, Struct{Name: out.Name, PB: out.PB, Pos: l.place(u.at, u)}, st, u, u.foreign)
	return out
}

// addStruct adds s to the service before its fields, as they may lead back to it.
func (l *loader) addStruct(key string, s Struct, st *types.Struct, u use, foreign bool) {
	l.structs[key] = s.PB
	i := len(l.svc.Structs)
	l.svc.Structs = append(l.svc.Structs, s)
	open := l.open
	l.open = nil
	defer func() { l.open = open }()

	u.foreign = foreign
	fields, ok := l.describeFields(s, st, u)
	if len(fields) == 0 && ok {
		l.badUse(l.in(u, s), "KG034", "export the fields that shall travel, or do without it", "struct %s has no exported field, so nothing of it would travel", s.Name)
	}
	l.svc.Structs[i].Fields = fields
}

// in is a use at the declaration of s, or where the user has it if that is in
// another package.
func (l *loader) in(u use, s Struct) use {
	if d, ok := l.decls[s.Name]; ok && !u.foreign {
		u.at = d.spec.Name.Pos()
	}
	return u
}

// place is where the user finds what is declared at pos: there, or where it is
// used if that is in another package.
func (l *loader) place(pos token.Pos, u use) string {
	if u.foreign || !l.mine(pos) {
		pos = u.at
	}
	return l.at(pos).String()
}

// mine reports whether pos is in a file of the interface's package.
func (l *loader) mine(pos token.Pos) bool {
	return pos.IsValid() && !strings.Contains(l.at(pos).Filename, "/")
}

// describeFields are the fields that travel; ok is false if one was refused.
func (l *loader) describeFields(s Struct, st *types.Struct, u use) (fields []Field, ok bool) {
	names, keys := make(map[string]string), make(map[string]string)
	members, ok := l.members(s.Name, st, u)
	for _, m := range members {
		f := Field{Name: m.v.Name(), Go: m.v.Name(), JSON: m.key, Proto: snake(m.v.Name()), Pos: l.place(m.v.Pos(), u), Through: m.through, Quoted: m.quoted}
		l.asciiOnly(m.v.Pos(), "field", f.Name)
		fu := l.within(u, m.v)
		fu.what, fu.name = "field "+f.Name+" of "+s.Name, s.PB+"_"+f.Name
		if at := l.fields[m.v.Pos()]; at != nil {
			if !fu.foreign {
				fu.node = at.Type
			}
			f.Doc = docLines(at.Doc)
			if f.Doc == nil {
				f.Doc = docLines(at.Comment)
			}
			list := l.directives(atField, f.Name+" of "+s.Name, at.Doc, at.Comment)
			l.refineField(&f, m.v.Pos(), list)
			fu.any = has(list, "any")
		}
		l.apart(fu, s.Name, f.Name, names, fold(f.Proto), "name")
		l.apart(fu, s.Name, f.Name, keys, f.JSON, "JSON key")
		if f.Type = l.convert(m.v.Type(), fu); f.Type == nil {
			if fu.foreign {
				return nil, false // one reason is enough for what cannot be mended there
			}
			ok = false
			continue
		}
		f.mayBeMissing()
		fields = append(fields, f)
	}
	return fields, ok
}

// mayBeMissing makes the type of f on the wire a pointer, if it is one of a struct
// that may be missing, so that what is there and zero can be told from it.
func (f *Field) mayBeMissing() {
	through := slices.ContainsFunc(f.Through, func(e Embedding) bool { return e.Pointer })
	if through && f.Type.isScalar() {
		f.Type, f.ByValue = &Type{Kind: Pointer, Go: "*" + f.Type.Go, Elem: f.Type}, true
	}
}

// isScalar reports whether protobuf has an optional field for t.
func (t *Type) isScalar() bool {
	switch t.Kind {
	case Slice, Array, Set, Map, Pointer, Bytes, Time, Duration, StructT, Any:
		return false
	}
	return true
}

func has(list []directive, name string) bool {
	for _, d := range list {
		if d.name == name {
			return true
		}
	}
	return false
}

// apart checks that a field shares no name with an earlier one.
func (l *loader) apart(u use, owner, name string, taken map[string]string, key, what string) {
	if first, ok := taken[key]; ok {
		l.badUse(u, "KG029", "rename one", "field %s of %s has the same %s on the wire as %s", name, owner, what, first)
		return
	}
	taken[key] = name
}

// refineField applies the directives of a struct's field.
func (l *loader) refineField(f *Field, at token.Pos, list []directive) {
	for _, d := range list {
		switch d.name {
		case "proto":
			l.protoField(f, at, d.arg)
		case "was":
			if !token.IsIdentifier(d.arg) {
				l.bad(d.comment.Pos(), "KG062", "write the name that the field had, as in //kit:was Name", "%q is no name of a field", d.arg)
				continue
			}
			f.Proto = snake(d.arg) // JSON has what the tag says
		}
	}
}
