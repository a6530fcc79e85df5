package spec

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"io/fs"
	"regexp"
	"strings"
)

// source is one hand-written file of the package.
type source struct {
	name string
	text []byte
	file *ast.File
}

// generatedLine is Go's convention for the mark of a generated file.
var generatedLine = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.\r?$`)

// read parses the hand-written files and reports all syntax errors.
func (l *loader) read(fsys fs.FS) error {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return fmt.Errorf("read package: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") {
			continue
		}
		if strings.HasPrefix(name, ".#") { // the lock of an editor, and a link to nothing
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			if in, ok := errors.AsType[*fs.PathError](err); ok {
				err = in.Err
			}
			l.found.add(token.Position{}, "KG010", "make it a file that can be read, or move it away", "%s: %v", name, err)
			continue
		}
		if why := skip(name, text); why != "" {
			l.skipped = append(l.skipped, name+" ("+why+")")
			continue
		}
		l.parse(name, text)
	}
	if len(l.sources) == 0 && len(l.found) == 0 {
		l.found.add(token.Position{}, "KG016", "write the interface into a file such as service.go, or name the directory that has it",
			"the directory has no Go file to read%s", l.notRead())
	}
	return nil
}

// generatedFile is why files are skipped in the package of the interface, and
// only there.
const generatedFile = "generated"

// skip is why a file is none of the user's, or empty.
func skip(name string, text []byte) string {
	header, _, _ := bytes.Cut(append([]byte("\n"), text...), []byte("\npackage "))
	switch {
	case strings.HasPrefix(name, "_"), strings.HasPrefix(name, "."):
		return "ignored by go"
	case strings.HasSuffix(name, "_test.go"):
		return "test"
	case strings.HasSuffix(name, "_gen.go"), generatedLine.Match(header):
		return generatedFile
	}
	ctx := build.Default
	ctx.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	if match, err := ctx.MatchFile(".", name); err == nil && !match {
		return "excluded by its build constraint"
	}
	return ""
}

// notRead ends a message with the files that were there but not read.
func (l *loader) notRead() string {
	if len(l.skipped) == 0 {
		return ""
	}
	return "; not read: " + strings.Join(l.skipped, ", ")
}

func (l *loader) parse(name string, text []byte) {
	file, err := parser.ParseFile(l.fset, name, text, parser.ParseComments|parser.AllErrors|parser.SkipObjectResolution)
	if line := conflict(text); err != nil && line > 0 {
		l.found.add(token.Position{Filename: name, Line: line, Column: 1}, "KG073", "resolve the merge, then run kitgen again", "the file has a merge conflict")
		return
	}
	if list, ok := errors.AsType[scanner.ErrorList](err); ok {
		list.RemoveMultiples() // the first of a line; others tend to follow from it
		for _, e := range list {
			l.found.add(e.Pos, "KG015", "correct the syntax; gofmt shows the same", "%s", e.Msg)
		}
		return
	}
	l.sources = append(l.sources, &source{name, text, file})
	first := l.sources[0].file.Name.Name
	switch {
	case file.Name.Name == "main":
		l.bad(file.Name.Pos(), "KG014", "move the interface into a package of its own, which main imports", "the package is main, and nothing can import that")
	case file.Name.Name != first:
		l.bad(file.Name.Pos(), "KG014", "keep one package per directory", "the file is of package %s, but %s is of package %s", file.Name.Name, l.sources[0].name, first)
	}
}

// conflict is the line of the first conflict marker, or 0.
func conflict(text []byte) int {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) {
			return n
		}
	}
	return 0
}

// text is a node as it is written, on one line.
func (l *loader) text(n ast.Node) string {
	from, to := l.at(n.Pos()), l.at(n.End())
	for _, s := range l.sources {
		if s.name == from.Filename && from.Offset <= to.Offset && to.Offset <= len(s.text) {
			return strings.Join(strings.Fields(string(s.text[from.Offset:to.Offset])), " ")
		}
	}
	return ""
}
