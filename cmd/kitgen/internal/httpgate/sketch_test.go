package httpgate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// sketch is an interface that edits are made to.
type sketch struct {
	methods, structs []part
	errors           []failure
	made             int // names so far, so that new ones are new
}

// part is a method or a struct.
type part struct {
	name, was, verb, path string
	fields                []field
}

// field is a parameter, with a result that is called after it, or a field.
type field struct{ name, was, typ string }

type failure struct {
	code   string
	status int
}

func newSketch() *sketch {
	return &sketch{
		methods: []part{
			{name: "Get", verb: "GET", path: "/get/{id}", fields: []field{{name: "id", typ: "int"}, {name: "word", typ: "string"}}},
			{name: "Put", fields: []field{{name: "text", typ: "string"}, {name: "p", typ: "Pa"}}},
		},
		structs: []part{{name: "Pa", fields: []field{{name: "one", typ: "int32"}}}, {name: "Pb", fields: []field{{name: "two", typ: "bool"}}}},
		errors:  []failure{{"first", 404}, {"second", 409}},
	}
}

func (s *sketch) clone() *sketch {
	c := *s
	c.methods, c.structs, c.errors = slices.Clone(s.methods), slices.Clone(s.structs), slices.Clone(s.errors)
	for _, list := range [][]part{c.methods, c.structs} {
		for i := range list {
			list[i].fields = slices.Clone(list[i].fields)
		}
	}
	return &c
}

func (s *sketch) fresh(stem string) string {
	s.made++
	return fmt.Sprintf("%s%c%c", stem, 'a'+s.made/26%26, 'a'+s.made%26)
}

// types that fields have. The first fit into a query.
var types = []string{
	"int", "int8", "int32", "int64", "uint16", "uint64", "*int32", "string", "*string", "bool", "time.Time", "[]int32", "[]string",
	"[]byte", "[2]int", "map[string]int", "map[int]string", "[]Pb", "*Pb", "map[string]*Pb", "Pa",
}

const inQuery, plain = 13, 19

func (s *sketch) edit(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return s.editMethods(r)
	case 1:
		return s.editErrors(r)
	case 2, 3:
		return s.editFields(r, &s.structs[r.IntN(2)], plain-2)
	}
	m := &s.methods[r.IntN(len(s.methods))]
	if m.verb == "GET" {
		return s.editFields(r, m, inQuery)
	}
	return s.editFields(r, m, len(types))
}

// editFields changes one of a part, whose types are some of the first.
func (s *sketch) editFields(r *rand.Rand, m *part, some int) string {
	var free []*field
	for i := range m.fields {
		if m.fields[i].name != "id" {
			free = append(free, &m.fields[i])
		}
	}
	if len(free) == 0 || r.IntN(3) == 0 {
		f := field{name: s.fresh("f"), typ: types[r.IntN(some)]}
		m.fields = slices.Insert(m.fields, r.IntN(len(m.fields)+1), f)
		return fmt.Sprintf("add %+v to %s", f, m.name)
	}
	f := free[r.IntN(len(free))]
	switch r.IntN(6) {
	case 0:
		if len(m.fields) > 1 {
			name := f.name
			m.fields = slices.DeleteFunc(m.fields, func(f field) bool { return f.name == name })
			return "remove " + name + " of " + m.name
		}
	case 1:
		if f.was == "" {
			f.was = f.name
		}
		f.name = s.fresh("g")
		return "rename " + f.was + " to " + f.name
	case 2:
		f.name, f.was = s.fresh("h"), "" // without a word, which is refused
		return "rename a field of " + m.name
	case 3, 4:
		f.typ = types[r.IntN(some)]
		return "type of " + f.name + " of " + m.name + " is " + f.typ
	}
	r.Shuffle(len(m.fields), func(i, j int) { m.fields[i], m.fields[j] = m.fields[j], m.fields[i] })
	return "shuffle " + m.name
}

func (s *sketch) editMethods(r *rand.Rand) string {
	i := r.IntN(len(s.methods))
	m := &s.methods[i]
	switch r.IntN(6) {
	case 0:
		if len(s.methods) > 2 {
			s.methods = slices.Delete(s.methods, i, i+1)
		}
		return "remove a method"
	case 1:
		if m.was == "" {
			m.was = m.name
		}
		m.name = s.fresh("Was")
		return "rename a method to " + m.name
	case 2:
		m.name, m.was = s.fresh("New"), ""
		return "rename a method without a word"
	case 3:
		m.path = strings.Replace(strings.Replace(m.path, "{id}", "{key}", 1), "/get", "/"+strings.ToLower(s.fresh("at")), r.IntN(2))
		for j := range m.fields {
			if m.fields[j].name == "id" && strings.Contains(m.path, "{key}") {
				m.path = strings.Replace(m.path, "{key}", "{id}", 1)
			}
		}
		return "route of " + m.name + " is " + m.path
	case 4:
		r.Shuffle(len(s.methods), func(i, j int) { s.methods[i], s.methods[j] = s.methods[j], s.methods[i] })
		return "shuffle methods"
	}
	s.methods = append(s.methods, part{name: s.fresh("Do"), fields: []field{{name: "a", typ: types[r.IntN(len(types))]}}})
	return "add a method"
}

func (s *sketch) editErrors(r *rand.Rand) string {
	e := &s.errors[r.IntN(len(s.errors))]
	switch r.IntN(5) {
	case 0:
		if len(s.errors) > 1 {
			s.errors = slices.DeleteFunc(s.errors, func(other failure) bool { return other == *e })
		}
		return "remove an error"
	case 1:
		e.code = s.fresh("code_")
		return "rename an error"
	case 2:
		e.status = 400 + r.IntN(30)
		return "status of an error"
	case 3:
		r.Shuffle(len(s.errors), func(i, j int) { s.errors[i], s.errors[j] = s.errors[j], s.errors[i] })
		return "shuffle errors"
	}
	s.errors = append(s.errors, failure{s.fresh("code_"), 400 + r.IntN(30)})
	return "add an error"
}

// source is the sketch in Go. Each method returns what it takes, so that both ways are
// tried.
func (s *sketch) source() string {
	var w strings.Builder
	w.WriteString("package svc\n\nimport (\n\t\"context\"\n\t\"errors\"\n\t\"time\"\n)\n\nvar _ time.Time\n\nvar (\n")
	for _, e := range s.errors {
		fmt.Fprintf(&w, "\tErr%s = errors.New(\"\") //kit:error %[1]s %d\n", e.code, e.status)
	}
	w.WriteString(")\n\ntype Service interface {\n")
	for _, m := range s.methods {
		s.method(&w, m)
	}
	w.WriteString("}\n")
	for _, m := range s.structs {
		fmt.Fprintf(&w, "\ntype %s struct {\n\tFixed int\n", m.name)
		for _, f := range m.fields {
			key := f.name
			if f.was != "" {
				key = f.was
			}
			fmt.Fprintf(&w, "\t%s %s `json:%q`\n", strings.ToUpper(f.name[:1])+f.name[1:], f.typ, key)
		}
		w.WriteString("}\n")
	}
	return w.String()
}

func (s *sketch) method(w *strings.Builder, m part) {
	if m.was != "" {
		fmt.Fprintf(w, "\t//kit:was %s\n", m.was)
	}
	if m.verb != "" {
		fmt.Fprintf(w, "\t//kit:http %s %s\n", m.verb, m.path)
	}
	params, results := "", ""
	for _, f := range m.fields {
		if f.was != "" {
			fmt.Fprintf(w, "\t//kit:was %s=%s %sBack=%sBack\n", f.name, f.was, f.name, f.was)
		}
		params += ", " + f.name + " " + f.typ
		results += f.name + "Back " + f.typ + ", "
	}
	fmt.Fprintf(w, "\t%s(ctx context.Context%s) (%serr error)\n", m.name, params, results)
}
