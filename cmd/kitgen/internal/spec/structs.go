package spec

import (
	"go/token"
	"go/types"
	"reflect"
	"strings"
	"unicode"
)

// describeStruct adds a struct to the service, once. It goes into the list
// before its fields do, as they may lead back to it.
func (l *loader) describeStruct(t *types.Named, st *types.Struct) {
	obj := t.Obj()
	if l.structs[obj] {
		return
	}
	l.structs[obj] = true
	d := l.decls[obj.Name()]
	l.asciiOnly(obj.Pos(), "struct", obj.Name())
	i := len(l.svc.Structs)
	l.svc.Structs = append(l.svc.Structs, Struct{
		Name: obj.Name(), PB: l.messageName(obj.Name()),
		Pos: l.at(obj.Pos()).String(), Doc: docLines(d.doc),
	})
	fields, ok := l.describeFields(obj.Name(), st)
	if len(fields) == 0 && ok {
		l.bad(obj.Pos(), "KG034", "export the fields that shall travel, or do without it", "struct %s has no exported field, so nothing of it would travel", obj.Name())
	}
	l.svc.Structs[i].Fields = fields
}

// describeFields are the fields that travel; ok is false if one was refused.
func (l *loader) describeFields(owner string, st *types.Struct) (fields []Field, ok bool) {
	names, keys := make(map[string]string), make(map[string]string)
	ok = true
	for i := range st.NumFields() {
		v := st.Field(i)
		name := v.Name()
		key, omit := jsonKey(name, st.Tag(i))
		switch {
		case omit:
			continue
		case v.Embedded():
			l.bad(v.Pos(), "KG033", "give the field a name: "+name+" "+types.TypeString(v.Type(), l.qualify),
				"struct %s embeds %s, whose fields a .proto cannot promote", owner, name)
			ok = false
			continue
		case !v.Exported():
			continue
		}
		l.asciiOnly(v.Pos(), "field", name)
		f := Field{Name: name, Go: name, JSON: key, Proto: snake(name), Pos: l.at(v.Pos()).String()}
		u := use{at: v.Pos(), what: "field " + name + " of " + owner}
		if at := l.fields[v.Pos()]; at != nil {
			u.node = at.Type
			f.Doc = docLines(at.Doc)
			if f.Doc == nil {
				f.Doc = docLines(at.Comment)
			}
			l.refineField(&f, v.Pos(), l.directives(atField, name+" of "+owner, at.Doc, at.Comment))
		}
		l.apart(v, owner, names, fold(name), "name")
		l.apart(v, owner, keys, key, "JSON key")
		if f.Type = l.convert(v.Type(), u); f.Type == nil {
			ok = false
			continue
		}
		fields = append(fields, f)
	}
	return fields, ok
}

// apart checks that a field shares no name with an earlier one.
func (l *loader) apart(v *types.Var, owner string, taken map[string]string, key, what string) {
	if first, ok := taken[key]; ok {
		l.bad(v.Pos(), "KG029", "rename one", "field %s of %s has the same %s on the wire as %s", v.Name(), owner, what, first)
		return
	}
	taken[key] = v.Name()
}

// jsonKey is the name encoding/json gives a field, by its rules.
func jsonKey(name, tag string) (key string, omit bool) {
	tag = reflect.StructTag(tag).Get("json")
	if tag == "-" {
		return "", true
	}
	key, _, _ = strings.Cut(tag, ",")
	valid := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r)
	})
	if !valid {
		return name, false
	}
	return key, false
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
			f.Proto = snake(d.arg)
			if f.JSON == f.Go { // no tag says otherwise
				f.JSON = d.arg
			}
		}
	}
}
