package project

import (
	"go/ast"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// signature is what a method takes and returns.
type signature struct{ params, results []argument }

// argument is one parameter or result. Its name is empty if it has none.
type argument struct{ name, typ string }

// signatureOf is that of a function in a file with these imports. Packages have
// their own names in it, whatever the file calls them.
func signatureOf(imports []*ast.ImportSpec, fn *ast.FuncDecl) signature {
	aliases := map[string]string{}
	for _, imp := range imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err == nil && imp.Name != nil && imp.Name.Name != path.Base(p) {
			aliases[imp.Name.Name] = path.Base(p)
		}
	}
	return signature{arguments(fn.Type.Params, aliases), arguments(fn.Type.Results, aliases)}
}

func arguments(list *ast.FieldList, aliases map[string]string) []argument {
	if list == nil {
		return nil
	}
	var out []argument
	for _, f := range list.List {
		typ := types.ExprString(f.Type)
		for alias, name := range aliases {
			typ = regexp.MustCompile(`\b`+alias+`\.`).ReplaceAllString(typ, name+".")
		}
		if len(f.Names) == 0 {
			out = append(out, argument{"", typ})
		}
		for _, n := range f.Names {
			out = append(out, argument{n.Name, typ})
		}
	}
	return out
}

// alike reports whether two signatures have the same types.
func (s signature) alike(o signature) bool {
	typ := func(a, b argument) bool { return a.typ == b.typ }
	return slices.EqualFunc(s.params, o.params, typ) && slices.EqualFunc(s.results, o.results, typ)
}

// follow is s with the names that have gave to what was named in was: the
// names of the user for parameters that are still there. ok is false if two
// would be the same.
func (s signature) follow(was, have signature) (out signature, ok bool) {
	out.params, ok = followed(s.params, was.params, have.params)
	if !ok {
		return out, false
	}
	out.results, ok = followed(s.results, was.results, have.results)
	taken := map[string]bool{}
	for _, a := range slices.Concat(out.params, out.results) {
		if a.name != "" && a.name != "_" && taken[a.name] {
			return out, false
		}
		taken[a.name] = true
	}
	return out, ok
}

func followed(now, was, have []argument) ([]argument, bool) {
	named := len(have) == 0 || have[0].name != ""
	var out []argument
	for _, a := range now {
		if i := slices.IndexFunc(was, func(w argument) bool { return w.name == a.name }); i >= 0 && i < len(have) {
			a.name = have[i].name
		}
		if !named {
			a.name = ""
		}
		if named && a.name == "" {
			return nil, false
		}
		out = append(out, a)
	}
	return out, true
}

// lost are the names of have, in the places of was, that s has nothing for.
func (s signature) lost(was, have signature) []string {
	var out []string
	for _, l := range [][3][]argument{{s.params, was.params, have.params}, {s.results, was.results, have.results}} {
		for i, w := range l[1] {
			still := slices.ContainsFunc(l[0], func(a argument) bool { return a.name == w.name })
			if !still && i < len(l[2]) && l[2][i].name != "" {
				out = append(out, l[2][i].name)
			}
		}
	}
	return out
}

// moved are the names of have whose type s changes to or from one of another
// package, which cannot be judged from here.
func (s signature) moved(was, have signature) []string {
	var out []string
	for _, l := range [][3][]argument{{s.params, was.params, have.params}, {s.results, was.results, have.results}} {
		for i, w := range l[1] {
			j := slices.IndexFunc(l[0], func(a argument) bool { return a.name == w.name })
			if j >= 0 && i < len(l[2]) && l[0][j].typ != w.typ && strings.Contains(l[0][j].typ+w.typ, ".") {
				out = append(out, l[2][i].name)
			}
		}
	}
	return out
}

// text is s as it is written behind a name.
func (s signature) text() string {
	out := "(" + join(s.params) + ")"
	switch {
	case len(s.results) == 0:
		return out
	case len(s.results) == 1 && s.results[0].name == "":
		return out + " " + s.results[0].typ
	}
	return out + " (" + join(s.results) + ")"
}

func join(list []argument) string {
	var out []string
	for _, a := range list {
		out = append(out, strings.TrimSpace(a.name+" "+a.typ))
	}
	return strings.Join(out, ", ")
}
