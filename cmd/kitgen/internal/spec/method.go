package spec

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// value is a parameter or result as it is written.
type value struct {
	name  string // empty if unnamed or _
	pos   token.Pos
	expr  ast.Expr
	group *ast.Field
	typ   types.Type
}

func (v value) isContext() bool {
	named, ok := types.Unalias(v.typ).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return false
	}
	return named.Obj().Pkg().Path() == "context" && named.Obj().Name() == "Context"
}

func (v value) isError() bool {
	return v.typ != nil && types.Identical(v.typ, types.Universe.Lookup("error").Type())
}

// values lists a parameter list one by one.
func (l *loader) values(fields *ast.FieldList) []value {
	if fields == nil {
		return nil
	}
	var list []value
	for _, f := range fields.List {
		t := l.typeOf(f.Type)
		if len(f.Names) == 0 {
			list = append(list, value{"", f.Type.Pos(), f.Type, f, t})
		}
		for _, n := range f.Names {
			name := n.Name
			if strings.Trim(name, "_") == "" {
				name = ""
			}
			list = append(list, value{name, n.Pos(), f.Type, f, t})
		}
	}
	return list
}

func (l *loader) typeOf(e ast.Expr) types.Type {
	if dots, ok := e.(*ast.Ellipsis); ok {
		return types.NewSlice(l.typeOf(dots.Elt))
	}
	if t := l.types.info.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

// call is a method while it is described.
type call struct {
	name            *ast.Ident
	sig             *ast.FuncType
	params, results []value
	noError         bool
	any             bool              // //kit:any
	was             map[string]string // //kit:was new=old: former names of parameters and results
	proto           map[string]string // //kit:proto a=3: numbers and names in the .proto
	names           []string          // of parameters and results, also invented ones
}

func (l *loader) describeMethod(f *ast.Field, sig *ast.FuncType) {
	c := &call{name: f.Names[0], sig: sig, params: l.values(sig.Params), results: l.values(sig.Results)}
	name := c.name.Name
	for _, m := range l.svc.Methods {
		if m.Name == name && m.Pos == l.at(c.name.Pos()).String() {
			return // embedded twice
		}
	}
	if !c.name.IsExported() {
		l.bad(c.name.Pos(), "KG019", "export it or remove it", "method %s is not exported, so no other package can implement the interface", name)
		return
	}
	l.asciiOnly(c.name.Pos(), "method", name)
	m := Method{Name: name, PB: camel(name), Pos: l.at(c.name.Pos()).String(), Doc: docLines(f.Doc)}
	list := l.directives(atMethod, name, f.Doc, f.Comment)
	l.refine(&m, c, list)
	if m.Was != "" {
		m.PB = camel(m.Was)
	}
	m.In.PB, m.Out.PB = cmp.Or(m.In.PB, m.PB+"Request"), cmp.Or(m.Out.PB, m.PB+"Response")
	c.noError = m.NoError
	l.takeContext(c)
	l.takeError(c)
	l.takeStreams(&m, c)
	m.Params = l.describeValues(c, c.params, "parameter", m.In.PB)
	m.Results = l.describeValues(c, c.results, "result", m.Out.PB)
	l.strayNames(c, list)
	if n := len(c.params); n > 0 {
		_, m.Variadic = c.params[n-1].expr.(*ast.Ellipsis)
	}
	m.In.Whole, m.Out.Whole = whole(m.Params, m.In), whole(m.Results, m.Out)
	l.svc.Methods = append(l.svc.Methods, m)
}

// takeContext checks for a context in first place and removes it.
func (l *loader) takeContext(c *call) {
	var others []value
	var contexts []value
	for _, p := range c.params {
		if p.isContext() {
			contexts = append(contexts, p)
		} else {
			others = append(others, p)
		}
	}
	name := c.name.Name
	switch {
	case len(contexts) == 0:
		l.bad(c.name.Pos(), "KG021", l.write(c), "%s takes no context, so a call could be neither cancelled nor given a deadline", name)
	case len(contexts) > 1:
		l.bad(contexts[1].pos, "KG021", l.write(c), "%s takes more than one context", name)
	case !c.params[0].isContext():
		l.bad(contexts[0].pos, "KG021", l.write(c), "%s takes its context in another place than the first", name)
	}
	c.params = others
}

// takeError checks for an error in last place and removes it.
func (l *loader) takeError(c *call) {
	var others, errs []value
	for _, r := range c.results {
		if r.isError() {
			errs = append(errs, r)
		} else {
			others = append(others, r)
		}
	}
	name, last := c.name.Name, len(c.results)-1
	switch {
	case len(errs) > 1:
		l.bad(errs[1].pos, "KG024", l.write(c)+"; errors.Join makes one of several", "%s returns more than one error, and a call has one outcome", name)
	case len(errs) == 1 && c.noError:
		l.bad(errs[0].pos, "KG062", "remove the directive or the error", "%s is marked //kit:noerror but returns an error", name)
	case len(errs) == 1 && !c.results[last].isError():
		l.bad(errs[0].pos, "KG023", l.write(c), "%s does not return its error last", name)
	case len(errs) == 0 && last >= 0 && l.errorType(c.results[last].typ):
		r := c.results[last]
		others = others[:last]
		c.results = others
		l.bad(r.expr.Pos(), "KG025", l.write(c), "%s returns %s for its error: a nil pointer in an error is not nil, and the type does not travel", name, l.text(r.expr))
	case len(errs) == 0 && !c.noError:
		l.bad(c.name.Pos(), "KG022", l.write(c)+", or mark it //kit:noerror: a failed call then returns zero values",
			"%s has no error result, and a remote call can fail", name)
	}
	c.results = others
}

// errorType reports whether t, or what it points to, has a method Error. The
// type checker has seen no methods, so their declarations are asked.
func (l *loader) errorType(t types.Type) bool {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok {
		return false
	}
	if i, ok := named.Underlying().(*types.Interface); ok && i != foreign {
		return types.AssignableTo(named, types.Universe.Lookup("error").Type())
	}
	if named.Obj().Pkg() != l.types.pkg {
		return false
	}
	for _, s := range l.sources {
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "Error" && receiver(fn) == named.Obj().Name() {
				return true
			}
		}
	}
	return false
}

// receiver is the type that has a method, without its type parameters.
func receiver(fn *ast.FuncDecl) string {
	for _, f := range fn.Recv.List {
		e := ast.Unparen(f.Type)
		if star, ok := e.(*ast.StarExpr); ok {
			e = ast.Unparen(star.X)
		}
		switch generic := e.(type) {
		case *ast.IndexExpr:
			e = generic.X
		case *ast.IndexListExpr:
			e = generic.X
		}
		if id, ok := e.(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}

// describeValues names parameters or results and converts their types. within is
// the message that they are fields of.
func (l *loader) describeValues(c *call, values []value, what, within string) []Field {
	l.unnamed(c, values, what)
	taken := make(map[string]bool)
	for _, v := range values {
		taken[fold(v.name)] = true
	}
	given, keys, protos := make(map[string]string), make(map[string]string), make(map[string]string)
	var fields []Field
	for i, v := range values {
		name := v.name
		if name == "" {
			name = invented(what, i, taken)
		}
		l.asciiOnly(v.pos, what, name)
		if first, ok := given[fold(name)]; ok {
			l.bad(v.pos, "KG029", "rename one", "%s %s of %s is the same name as %s on the wire, where case and _ do not count", what, name, c.name.Name, first)
			continue
		}
		given[fold(name)] = name
		c.names = append(c.names, name)
		onWire := cmp.Or(c.was[name], name)
		f := Field{Name: name, Go: fieldName(name, v.typ), JSON: strings.Trim(onWire, "_"), Proto: snake(onWire), Pos: l.at(v.pos).String()}
		if p, ok := c.proto[name]; ok {
			l.protoField(&f, v.pos, p)
		}
		l.alone(v.pos, what+" "+name+" of "+c.name.Name, name, keys, fold(f.JSON), "JSON key")
		l.alone(v.pos, what+" "+name+" of "+c.name.Name, name, protos, fold(f.Proto), "name in the .proto")
		u := use{at: v.expr.Pos(), node: v.expr, what: what + " " + name + " of " + c.name.Name, any: c.any, name: within + "_" + f.Go}
		if v.name == "" {
			u.what = what + " " + strconv.Itoa(i+1) + " of " + c.name.Name
		}
		if f.Type = l.convert(v.typ, u); f.Type != nil {
			fields = append(fields, f)
		}
	}
	return fields
}

// alone checks that a parameter or result shares no name on the wire with an
// earlier one, which only a directive can bring about.
func (l *loader) alone(at token.Pos, value, name string, taken map[string]string, key, what string) {
	if first, ok := taken[key]; ok {
		l.bad(at, "KG029", "give one another by //kit:was or //kit:proto, or none to both", "%s has the same %s as %s", value, what, first)
		return
	}
	taken[key] = name
}

// strayNames reports directives about a parameter or result that there is not.
func (l *loader) strayNames(c *call, ds []directive) {
	for _, d := range ds {
		if d.name != "was" && d.name != "proto" {
			continue
		}
		for word := range strings.FieldsSeq(d.arg) {
			name, value, ok := strings.Cut(word, "=")
			message := d.name == "proto" && (name == "request" || name == "response") && value != "" && unicode.IsUpper(rune(value[0]))
			if ok && name != "" && !message && !slices.Contains(c.names, name) {
				l.bad(d.comment.Pos(), "KG062", "use one that there is: "+cmp.Or(list(c.names), "it has none"), "%s has no parameter or result %s", c.name.Name, name)
			}
		}
	}
}

// unnamed reports parameters without names: a place in a list is no name for
// the wire, as it changes when one is added. Results without names are usual in
// Go, so there is a warning.
func (l *loader) unnamed(c *call, values []value, what string) {
	var blank []value
	for _, v := range values {
		if v.name == "" {
			blank = append(blank, v)
		}
	}
	name := c.name.Name
	switch {
	case len(blank) < 2:
	case what == "parameter":
		l.bad(blank[0].pos, "KG027", "name each, as in "+name+"(ctx context.Context, a, b int)", "%s has parameters without names, which they need on the wire", name)
	default:
		l.warn(blank[0].pos, "KGW06", "name them to be free to reorder them", "results of %s have no names, so on the wire their places are: result, result2", name)
	}
}

// invented is value for a parameter; for results, result, result2, … by place.
// It avoids the names that are given.
func invented(what string, i int, taken map[string]bool) string {
	stem := "result"
	if what == "parameter" {
		stem, i = "value", 0
	}
	for n := i + 1; ; n++ {
		name := stem + strconv.Itoa(n)
		if n == 1 {
			name = stem
		}
		if !taken[name] {
			taken[name] = true
			return name
		}
	}
}

func (l *loader) asciiOnly(pos token.Pos, what, name string) {
	if !ascii(name) {
		l.bad(pos, "KG028", "spell it in ASCII", "%s %s has letters that a .proto cannot name", what, name)
	}
}

// protoField takes what //kit:proto says of a field: its number, or its name in the
// .proto.
func (l *loader) protoField(f *Field, at token.Pos, what string) {
	n, err := strconv.ParseInt(what, 10, 32)
	switch {
	case err == nil && (n < 1 || n > 1<<29-1 || 19000 <= n && n < 20000):
		l.bad(at, "KG061", "choose one from 1 to 536870911, but not from 19000 to 19999", "%d is no number that a .proto has for a field", n)
	case err == nil:
		f.Number = int32(n)
	case !protoName.MatchString(what):
		l.bad(at, "KG062", "write a number, or a name as in groesse", "%q is no name that a .proto has for a field", what)
	default:
		f.Proto = what
	}
}

var protoName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
