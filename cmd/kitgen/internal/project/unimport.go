package project

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// unimport takes imports out of text that were needed by what is gone from it,
// and by nothing that is left.
func unimport(name string, text []byte, gone string) ([]byte, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	qualifies := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok {
				qualifies[x.Name] = true
			}
		}
		return true
	})
	var cuts []edit
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			continue
		}
		for _, s := range g.Specs {
			spec := s.(*ast.ImportSpec) //nolint:forcetypeassert // that is what import declares
			pkg := strings.Trim(spec.Path.Value, "\"`")
			pkg = pkg[strings.LastIndexByte(pkg, '/')+1:]
			if spec.Name != nil || spec.Comment != nil || spec.Doc != nil || qualifies[pkg] || !strings.Contains(gone, pkg+".") {
				continue
			}
			from, to := spec.Pos(), spec.End()
			if !g.Lparen.IsValid() {
				from = g.Pos()
			}
			cuts = append(cuts, wholeLine(text, int(from-f.FileStart), int(to-f.FileStart)))
		}
	}
	for _, c := range slices.Backward(cuts) {
		text = slices.Concat(text[:c.offset], text[c.offset+c.cut:])
	}
	return text, nil
}

// wholeLine is a cut of text from to to, and of the line if nothing else is on
// it.
func wholeLine(text []byte, from, to int) edit {
	start := bytes.LastIndexByte(text[:from], '\n') + 1
	end := bytes.IndexByte(text[to:], '\n') + 1
	if end > 0 && len(bytes.TrimSpace(text[start:from])) == 0 && len(bytes.TrimSpace(text[to:to+end])) == 0 {
		return edit{offset: start, cut: to + end - start}
	}
	return edit{offset: from, cut: to - from}
}
