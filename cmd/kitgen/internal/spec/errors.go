package spec

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Error is a failure of the service that its clients can tell from others.
type Error struct {
	Name    string   // of the Go variable
	Code    string   // on both wires, as in "not_found"
	Status  int      // over HTTP, 400 to 599
	Message string   // its text, where that is written down; else empty
	Doc     []string // comment of the variable
	Pos     string   // file:line:col
}

// wireCodes are those that the wires say themselves, of calls that may never have
// reached the service.
var wireCodes = []string{"canceled", "deadline_exceeded", "internal", "ok", "resource_exhausted", "unavailable", "unimplemented", "unknown"}

var codeName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// describeErrors finds the variables that a directive makes errors of the service.
func (l *loader) describeErrors() {
	if l.svc.Interface == "" {
		return // there was none to describe
	}
	for _, src := range l.sources {
		for _, d := range src.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, sp := range g.Specs {
				l.describeError(g, sp.(*ast.ValueSpec)) //nolint:forcetypeassert // a var has no other
			}
		}
		l.strayErrors(src)
	}
	l.outerFirst()
}

// outerFirst puts errors before those that they are made of: to errors.Is, one that
// wraps another is that, too, and a server sends the code of the first that it is.
func (l *loader) outerFirst() {
	uses := make(map[string][]string)
	for _, src := range l.sources {
		for name, v := range src.variables() {
			ast.Inspect(v, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && id.Name != name {
					uses[name] = append(uses[name], id.Name)
				}
				return true
			})
		}
	}
	depths := make(map[string]int)
	var depth func(name string) int
	depth = func(name string) int {
		if _, ok := depths[name]; ok {
			return depths[name]
		}
		depths[name] = 0 // of one that is made of itself, which Go refuses
		for _, used := range uses[name] {
			if _, ok := uses[used]; ok {
				depths[name] = max(depths[name], 1+depth(used))
			}
		}
		return depths[name]
	}
	slices.SortStableFunc(l.svc.Errors, func(a, b Error) int { return depth(b.Name) - depth(a.Name) })
}

// variables are those of the package with one value, and that.
func (s *source) variables() map[string]ast.Expr {
	values := make(map[string]ast.Expr)
	for _, d := range s.file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, sp := range g.Specs {
			v := sp.(*ast.ValueSpec) //nolint:forcetypeassert // a var has no other
			if len(v.Names) == len(v.Values) {
				for i, name := range v.Names {
					values[name.Name] = v.Values[i]
				}
			}
		}
	}
	return values
}

// strayErrors reports directives that are at no variable of the package.
func (l *loader) strayErrors(src *source) {
	for _, g := range src.file.Comments {
		for _, c := range g.List {
			if strings.HasPrefix(c.Text, "//kit:error") && !l.applied[c] {
				l.bad(c.Pos(), "KG062", "put it directly above a variable of the package, or behind it", "%s belongs to no error variable", c.Text)
			}
		}
	}
}

func (l *loader) describeError(g *ast.GenDecl, v *ast.ValueSpec) {
	doc := v.Doc
	if doc == nil && !g.Lparen.IsValid() {
		doc = g.Doc
	}
	name := v.Names[0].Name
	for _, d := range l.directives(atError, name, doc, v.Comment) {
		e := Error{Name: name, Message: message(v), Doc: docLines(doc), Pos: l.at(v.Names[0].Pos()).String()}
		if e.Doc == nil {
			e.Doc = docLines(v.Comment)
		}
		if l.refineError(&e, d, v) && l.unlike(e, d) {
			l.svc.Errors = append(l.svc.Errors, e)
		}
	}
}

// refineError takes "not_found 404".
func (l *loader) refineError(e *Error, d directive, v *ast.ValueSpec) bool {
	words := strings.Fields(d.arg)
	bad := func(fix, format string, args ...any) bool {
		l.bad(d.comment.Pos(), "KG053", fix, format, args...)
		return false
	}
	switch {
	case len(v.Names) > 1 || e.Name == "_":
		return bad("declare each on a line of its own, with a name", "//kit:error says which variable it is about by where it is, and here is not one")
	case noError(v):
		return bad("declare it as in "+e.Name+" = errors.New(\"text\")", "%s is a plain value, and no error", e.Name)
	case len(words) != 2:
		return bad("write a code and an HTTP status, as in //kit:error not_found 404", "%q is no code and status", d.arg)
	case !codeName.MatchString(words[0]):
		return bad("use lower case letters, digits and _, at most 63, as in not_found", "%q is no code", words[0])
	case slices.Contains(wireCodes, words[0]):
		return bad("choose a word of the service's own", "code %s is what the wires themselves say of a call, whether it reached the service or not", words[0])
	}
	status, err := strconv.Atoi(words[1])
	if err != nil || status < 400 || status > 599 {
		return bad("use 400 to 499 for what the caller can change, and 500 to 599 for what it cannot", "%q is no HTTP status of a failure", words[1])
	}
	e.Code, e.Status = words[0], status
	return true
}

// noError reports whether v is a number, text or the like, as far as its declaration
// tells: Go's own errors need the package type-checked.
func noError(v *ast.ValueSpec) bool {
	if id, ok := v.Type.(*ast.Ident); ok {
		t, ok := types.Universe.Lookup(id.Name).(*types.TypeName)
		return ok && t.Name() != "error"
	}
	if v.Type != nil || len(v.Values) != 1 {
		return false
	}
	_, literal := v.Values[0].(*ast.BasicLit)
	return literal
}

// unlike checks that no earlier error has the code of e.
func (l *loader) unlike(e Error, d directive) bool {
	for _, other := range l.svc.Errors {
		if other.Code == e.Code {
			l.bad(d.comment.Pos(), "KG053", "give one another code", "%s has the code %s, as %s has (%s)", e.Name, e.Code, other.Name, other.Pos)
			return false
		}
	}
	return true
}

// message is the text in errors.New("text") and its like.
func message(v *ast.ValueSpec) string {
	if len(v.Values) != 1 {
		return ""
	}
	call, ok := v.Values[0].(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return ""
	}
	text, ok := call.Args[0].(*ast.BasicLit)
	if !ok || text.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(text.Value)
	if err != nil {
		return ""
	}
	return s
}
