package project

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"unicode"
)

// Rename is a method that the interface has under another name now.
type Rename struct {
	From, To string
	Asked    bool // by the user, on the command line, who is told if it cannot be
}

// renames gives methods of the user's, and what is named after them, the names
// that the interface has now, before anything else is done.
func (u *update) renames() error {
	for _, r := range u.opt.Renames {
		in := u.inserter(u.src)
		do, err := u.renamable(in, r)
		if err != nil {
			return err
		}
		if !do {
			continue
		}
		for _, name := range []string{".", "Test"} {
			in.removeStub(name + r.To)
		}
		u.renameIn(in, r)
		for file, notes := range in.notes {
			u.notes[file.name] = append(u.notes[file.name], notes...)
		}
		if err := u.beside(in); err != nil {
			return err
		}
		if u.src, err = in.reread(); err != nil {
			return err
		}
		u.renamed = append(u.renamed, r)
		base := u.inserter(u.baseSrc)
		for _, name := range []string{".", "Test"} {
			if was, ok := u.origins[name+r.From]; ok {
				u.origins[name+r.To] = was
				base.removeStub(name + r.From)
				delete(u.origins, name+r.From)
			}
		}
		if u.baseSrc, err = base.reread(); err != nil {
			return err
		}
		u.old.Methods = slices.DeleteFunc(slices.Clone(u.old.Methods), func(m string) bool { return m == r.From })
	}
	return nil
}

// renamable reports whether there is something to rename, and refuses what
// was asked for if there is not.
func (u *update) renamable(in *inserter, r Rename) (bool, error) {
	why := ""
	to, hasTo := in.method(r.To)
	_, hasFrom := in.method(r.From)
	switch {
	case !slices.Contains(u.next.Methods, r.To):
		why = "the interface has no " + r.To + "; it has " + strings.Join(u.next.Methods, ", ")
	case slices.Contains(u.next.Methods, r.From):
		why = "the interface still has " + r.From + "; rename it there first"
	case !hasFrom:
		why = "there is no method " + r.From + " that implements it; nothing is to be renamed"
	case hasTo && !u.origins.untouched(to):
		why = in.src.fset.Position(to.decl.Pos()).String() + ": has a " + r.To + " already that somebody wrote; remove one of the two"
	}
	if why != "" && r.Asked {
		return false, refuse("--rename %s=%s: %s", r.From, r.To, why)
	}
	return why == "", nil
}

// method is the user's method of that name.
func (in *inserter) method(name string) (function, bool) {
	i := slices.IndexFunc(in.functions, func(fn function) bool {
		return fn.recv != "" && fn.recv == in.impl && fn.decl.Name.Name == name && !fn.file.test()
	})
	if i < 0 {
		return function{}, false
	}
	return in.functions[i], true
}

// removeStub removes the function of that key if nobody touched it.
func (in *inserter) removeStub(k string) {
	for _, fn := range slices.Clone(in.functions) {
		if key(fn.decl) == k && (fn.recv == "" || fn.recv == in.impl) && in.origins.untouched(fn) {
			in.remove(fn)
		}
	}
}

// spots are where a name is to become another one.
type spots map[*goFile]map[token.Pos]string

func (s spots) put(file *goFile, pos token.Pos, to string) {
	if s[file] == nil {
		s[file] = map[token.Pos]string{}
	}
	s[file][pos] = to
}

// renameIn renames the method, of each type that implements the interface by
// it, its test, what the generated files will call otherwise, and the comments
// of functions as far as they name these: by their first word, and in links.
func (u *update) renameIn(in *inserter, r Rename) {
	p := u.packageOf(in.src)
	p.rename, p.methods = r, p.implementers(u.next.Interface, r)
	if impl, ok := in.method(r.From); ok {
		p.methods[impl.decl.Name.Pos()] = impl.recv
	}
	s := spots{}
	for _, file := range p.files {
		for _, d := range file.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				p.function(s, file, fn)
			}
		}
		p.referring(s, file, u.next.Interface)
		p.links(s, file, u.next.Interface)
	}
	for file, at := range s {
		for pos, to := range at {
			offset := int(pos - file.ast.FileStart)
			cut := len(to) - len(r.To) + len(r.From) // what is before and behind the name is the same in both
			in.edits[file] = append(in.edits[file], edit{offset: offset, cut: cut, text: to})
		}
		in.note(file, "%s renamed to %s", r.From, r.To)
	}
}

// function renames the method itself, or its test, and the first word above.
func (p *checkedPackage) function(s spots, file *goFile, fn *ast.FuncDecl) {
	from, to := p.rename.From, p.rename.To
	switch _, method := p.methods[fn.Name.Pos()]; {
	case method:
	case fn.Recv == nil && fn.Name.Name == "Test"+from && file.test() && !strings.Contains(file.name, "/"):
		from, to = "Test"+from, "Test"+to
	default:
		return
	}
	s.put(file, fn.Name.Pos(), to)
	if fn.Doc == nil {
		return
	}
	if rest, ok := strings.CutPrefix(fn.Doc.List[0].Text, "// "+from); ok && strings.IndexFunc(rest, letter) != 0 {
		s.put(file, fn.Doc.Pos()+token.Pos(len("// ")), to)
	}
}

func letter(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// referring finds what in a file of the user's means something that is called
// after the method: the types of its request and response, the endpoint of its
// name, and calls of it.
func (p *checkedPackage) referring(s spots, file *goFile, iface string) {
	r := p.rename
	ast.Inspect(file.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if to := p.renamed(n, file); to != "" {
				s.put(file, n.Pos(), to)
			}
		case *ast.SelectorExpr:
			if n.Sel.Name == r.From && p.info.Uses[n.Sel] == nil && p.ours(n.X, iface) {
				s.put(file, n.Sel.Pos(), r.To)
			}
		case *ast.CompositeLit:
			for _, id := range keys(n) {
				if id.Name == r.From && p.info.Uses[id] == nil && p.ours(n, iface) {
					s.put(file, id.Pos(), r.To)
				}
			}
		}
		return true
	})
}

// keys are the names before the colons of a struct's literal.
func keys(lit *ast.CompositeLit) []*ast.Ident {
	var out []*ast.Ident
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				out = append(out, id)
			}
		}
	}
	return out
}
