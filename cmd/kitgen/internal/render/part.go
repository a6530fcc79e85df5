package render

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Part is what one method adds to a seeded Go file.
type Part struct {
	Method  string
	Imports []string // packages it names: the path, after a name and a space if it has another than the path's
	Text    []byte   // a declaration; Gofmt is for where it is inserted

	Func *ast.FuncDecl // it, if it is one of a function; without its body, which may be large
}

// ParsePart is the part that text, a declaration, is for a method. types are the
// packages that signatures name. Not formatted yet, since of most parts only what
// they declare is looked at: the user's file has them already.
func ParsePart(method string, text []byte, types []spec.Import) (*Part, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", slices.Concat([]byte("package p;"), text), parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	p := &Part{Method: method, Text: text}
	for _, pkg := range []string{"context", "iter", "slices", "testing", "time"} {
		if names(string(text), pkg) {
			p.Imports = append(p.Imports, pkg)
		}
	}
	for _, i := range missingImports(file, types) {
		p.Imports = append(p.Imports, strings.ReplaceAll(importSpec(i), `"`, ""))
	}
	for _, d := range file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && p.Func == nil {
			p.Func = fn
			fn.Body = nil
		}
	}
	return p, nil
}

// Gofmt is the text as it is inserted, without blank lines around it.
func (p *Part) Gofmt() string {
	text, err := format.Source(p.Text)
	if err != nil {
		text = p.Text // somebody will see to it: it did parse
	}
	return strings.TrimSpace(string(text))
}
