package project

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// NewMethod is a method to add to an interface, as the user typed it.
type NewMethod struct {
	Name  string
	text  string // gofmt-ed, as in an interface
	field *ast.Field
}

// ParseMethod reads a method such as
//
//	Mul(ctx context.Context, a, b int) (product int, err error)
//
// with or without comments above it.
func ParseMethod(text string) (*NewMethod, error) {
	const above = "package p\ntype T interface {\n"
	file, err := parser.ParseFile(token.NewFileSet(), "", above+text+"\n}", parser.SkipObjectResolution|parser.ParseComments)
	if list, ok := errors.AsType[scanner.ErrorList](err); ok {
		e := list[0]
		return nil, refuse("method:%d:%d: KG015: %s: write it as in an interface, such as %s", max(1, e.Pos.Line-2), e.Pos.Column, e.Msg, exampleMethod)
	}
	if err != nil {
		return nil, err
	}
	field := onlyMethod(file)
	if field == nil {
		return nil, refuse("method: KG015: %q is not one method: write one, such as %s", text, exampleMethod)
	}
	formatted, err := format.Source([]byte(above + text + "\n}"))
	if err != nil {
		return nil, err
	}
	_, body, _ := strings.Cut(strings.TrimSpace(string(formatted)), "interface {\n")
	return &NewMethod{Name: field.Names[0].Name, text: strings.TrimSuffix(body, "\n}"), field: field}, nil
}

const exampleMethod = "'Mul(ctx context.Context, a, b int) (product int, err error)'"

// onlyMethod is the method of the interface that is all there is in file.
func onlyMethod(file *ast.File) *ast.Field {
	if len(file.Decls) != 1 {
		return nil
	}
	decl, ok := file.Decls[0].(*ast.GenDecl)
	if !ok || len(decl.Specs) != 1 {
		return nil
	}
	spec, ok := decl.Specs[0].(*ast.TypeSpec)
	if !ok {
		return nil
	}
	t, ok := spec.Type.(*ast.InterfaceType)
	if !ok || len(t.Methods.List) != 1 {
		return nil
	}
	field := t.Methods.List[0]
	if _, ok := field.Type.(*ast.FuncType); !ok || len(field.Names) != 1 {
		return nil
	}
	return field
}

// Insertion is where a method went.
type Insertion struct {
	Text        []byte // of the whole file
	First, Last int    // lines of the method; 0 if it was there already
	Note        string // for people
}

// Into puts m behind the last method of the interface, which file declares
// with text, and imports the standard packages it needs. A method that is
// there already stays as it is; one of the same name and another type is
// refused.
func (m *NewMethod) Into(name string, text []byte, iface string) (*Insertion, error) {
	src, err := parseSource(map[string][]byte{name: text})
	if err != nil {
		return nil, err
	}
	file := src.files[0]
	t := interfaceIn(file.ast, iface)
	if t == nil {
		return nil, refuse("%s: interface %s is not declared there as interface { … }: add the method yourself", name, iface)
	}
	for _, f := range t.Methods.List {
		if len(f.Names) == 0 || f.Names[0].Name != m.Name {
			continue
		}
		if types.ExprString(f.Type) == types.ExprString(m.field.Type) {
			return &Insertion{Text: text}, nil
		}
		return nil, refuse("%s: KG029: %s has a %s already, and of another type: change it there, then run kitgen generate", src.fset.Position(f.Pos()), iface, m.Name)
	}
	in := newInserter(src, nil)
	at, body := m.place(file, t)
	in.edits[file] = append(in.edits[file], edit{offset: at, text: body})
	for _, path := range m.imports(file.ast) {
		in.imports(file, path)
	}
	out, err := in.result(file)
	if err != nil {
		return nil, err
	}
	first, last := m.find(out, iface)
	return &Insertion{Text: out, First: first, Last: last, Note: fmt.Sprintf("%s at line %d", m.Name, last)}, nil
}

// place is where in file the method goes, and with which text.
func (m *NewMethod) place(file *goFile, t *ast.InterfaceType) (offset int, text string) {
	closing := int(t.Methods.Closing - file.ast.FileStart)
	offset, text = int(t.Methods.Opening-file.ast.FileStart)+1, "\n"+m.text
	if len(t.Methods.List) > 0 {
		last := t.Methods.List[len(t.Methods.List)-1]
		end := last.End()
		if last.Comment != nil {
			end = last.Comment.End()
		}
		offset = int(end - file.ast.FileStart)
		if last.Doc != nil || m.field.Doc != nil {
			text = "\n" + text
		}
	}
	if !bytes.Contains(file.text[offset:closing], []byte("\n")) {
		text += "\n"
	}
	return offset, text
}

// find is the lines of the method in text.
func (m *NewMethod) find(text []byte, iface string) (first, last int) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if err != nil {
		return 0, 0
	}
	for _, f := range interfaceIn(file, iface).Methods.List {
		if len(f.Names) > 0 && f.Names[0].Name == m.Name {
			last = fset.Position(f.End()).Line
		}
	}
	return last - strings.Count(m.text, "\n"), last
}

// imports are the standard packages that m names and file has no import of.
func (m *NewMethod) imports(file *ast.File) []string {
	need := map[string]bool{}
	ast.Inspect(m.field.Type, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && standard[x.Name] != "" {
				need[standard[x.Name]] = true
			}
		}
		return true
	})
	for _, imp := range file.Imports {
		delete(need, strings.Trim(imp.Path.Value, "\"`"))
	}
	return slices.Sorted(maps.Keys(need))
}

// standard are the packages whose types signatures usually name.
var standard = map[string]string{
	"big": "math/big", "context": "context", "iter": "iter", "json": "encoding/json",
	"netip": "net/netip", "time": "time", "url": "net/url",
}

// interfaceIn is the interface that file declares under a name; nil if it does
// not.
func interfaceIn(file *ast.File, name string) *ast.InterfaceType {
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range decl.Specs {
			if spec, ok := s.(*ast.TypeSpec); ok && spec.Name.Name == name {
				t, _ := spec.Type.(*ast.InterfaceType)
				return t
			}
		}
	}
	return nil
}
