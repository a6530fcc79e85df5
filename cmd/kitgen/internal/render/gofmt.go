package render

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"strings"
	"text/template"
)

// asGofmt is how gofmt prints, with its numbers that begin 0X or 0B, say, in
// lower case; go/printer has no name for that.
var asGofmt = printer.Config{Mode: printer.UseSpaces | printer.TabIndent | 1<<30, Tabwidth: 8}

// gofmt is format.Source, and keeps what that parses: it is most of what can be
// known of a file, and parsing is half of the work.
func gofmt(text []byte) ([]byte, *ast.File, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	ast.SortImports(fset, file)
	var b bytes.Buffer
	b.Grow(len(text) + len(text)/4)
	if err := asGofmt.Fprint(&b, fset, file); err != nil {
		return nil, nil, err
	}
	return b.Bytes(), file, nil
}

// Names are the package-level names that a file declares, methods aside.
func Names(file *ast.File) map[string]token.Pos {
	out := map[string]token.Pos{}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				out[d.Name.Name] = d.Name.Pos()
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					out[s.Name.Name] = s.Name.Pos()
				case *ast.ValueSpec:
					for _, n := range s.Names {
						out[n.Name] = n.Pos()
					}
				}
			}
		}
	}
	delete(out, "_")
	delete(out, "init")
	return out
}

// unparsable is the error of a template that makes what is no Go.
func unparsable(t *template.Template, err error, text []byte) error {
	return fmt.Errorf("template %s made Go code that does not parse: %w\n%s", t.Name(), err, numbered(text))
}

func numbered(text []byte) string {
	var b strings.Builder
	n := 0
	for line := range bytes.Lines(text) {
		n++
		fmt.Fprintf(&b, "%4d  %s", n, line)
	}
	return b.String()
}
