package render

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// withImports adds the packages that the types of signatures name to a Go file,
// as far as it names them and does not import them yet. file is its syntax.
func withImports(text []byte, file *ast.File, imports []spec.Import) ([]byte, error) {
	var std, other []string
	for _, i := range missingImports(file, imports) {
		line := "\t" + importSpec(i) + "\n"
		if first, _, _ := strings.Cut(i.Path, "/"); strings.Contains(first, ".") {
			other = append(other, line)
		} else {
			std = append(std, line)
		}
	}
	if len(std)+len(other) == 0 {
		return text, nil
	}
	head, rest, grouped := bytes.Cut(text, []byte("\nimport (\n"))
	var b bytes.Buffer
	if !grouped { // no import at all, or a single one
		clause, err := parser.ParseFile(token.NewFileSet(), "", text, parser.PackageClauseOnly)
		if err != nil {
			return nil, err
		}
		end := int(clause.Name.End()) - 1
		head, rest = text[:end], text[end:]
		b.Write(head)
		b.WriteString("\n\nimport (\n" + strings.Join(std, "") + "\n" + strings.Join(other, "") + ")\n")
		b.Write(rest)
		return format.Source(b.Bytes())
	}
	block, rest, _ := bytes.Cut(rest, []byte("\n)\n"))
	b.Write(head)
	b.WriteString("\nimport (\n" + strings.Join(std, ""))
	b.Write(block)
	if len(other) > 0 {
		b.WriteString("\n\n" + strings.TrimSuffix(strings.Join(other, ""), "\n"))
	}
	b.WriteString("\n)\n")
	b.Write(rest)
	return format.Source(b.Bytes())
}

// missingImports are those that file names something of, and does not import.
func missingImports(file *ast.File, imports []spec.Import) (list []spec.Import) {
	named := make(map[string]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.IsExported() {
			if x, ok := sel.X.(*ast.Ident); ok {
				named[x.Name] = true
			}
		}
		return true
	})
	for _, i := range imports {
		has := slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == strconv.Quote(i.Path) })
		if named[i.Name] && !has {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b spec.Import) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// importSpec is an import as it is written, with the name where the path does not
// tell it.
func importSpec(i spec.Import) string {
	if i.Name == path.Base(i.Path) {
		return strconv.Quote(i.Path)
	}
	return i.Name + " " + strconv.Quote(i.Path)
}

// names reports whether code has something of package pkg, and not of one whose
// name only ends so.
func names(code, pkg string) bool {
	for at := 0; ; {
		i := strings.Index(code[at:], pkg+".")
		if i < 0 {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(code[:at])
		if before != '_' && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return true
		}
		at += len(pkg)
	}
}
