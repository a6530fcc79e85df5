package project

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// edit is text to put at an offset of a file.
type edit struct {
	offset int
	text   string
}

// inserter adds what is missing to the user's files. It never changes a byte
// that is there.
type inserter struct {
	src       *source
	functions []function
	impl      string // the user's type that implements the interface; empty if it cannot be told
	edits     map[*goFile][]edit
	notes     map[*goFile][]string
	manual    []Manual
}

func newInserter(src *source, methods []string) *inserter {
	in := &inserter{src: src, functions: src.functions(), edits: map[*goFile][]edit{}, notes: map[*goFile][]string{}}
	in.impl = in.implementation(methods)
	return in
}

// Implementation is the type in text, a Go file, that has all of the methods;
// empty if none or several do.
func Implementation(text []byte, methods []string) (string, error) {
	src, err := parseSource(map[string][]byte{"": text})
	if err != nil {
		return "", err
	}
	in := newInserter(src, methods)
	for _, m := range methods {
		if !slices.ContainsFunc(in.functions, func(fn function) bool { return fn.recv == in.impl && fn.decl.Name.Name == m }) {
			return "", nil
		}
	}
	return in.impl, nil
}

// implementation is the type with the most of the methods; of several, the one
// that kitgen seeded.
func (in *inserter) implementation(methods []string) string {
	count := map[string]int{}
	for _, fn := range in.functions {
		if fn.recv != "" && !fn.file.test() && slices.Contains(methods, fn.decl.Name.Name) {
			count[fn.recv]++
		}
	}
	if in.declares(seededType) && count[seededType] == 0 {
		count[seededType] = 0
	}
	most := slices.Max(append(slices.Collect(maps.Values(count)), 0))
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < most })
	if _, ok := count[seededType]; ok {
		return seededType
	}
	if len(count) != 1 {
		return ""
	}
	for name := range count {
		return name
	}
	return ""
}

// seededType is what the service.go template calls the implementation.
const seededType = "service"

func (in *inserter) declares(name string) bool {
	return slices.ContainsFunc(in.src.files, func(f *goFile) bool { _, ok := names(f.ast)[name]; return ok && !f.test() })
}

// add inserts the parts of one seeded file that are nowhere in the package.
func (in *inserter) add(seeded render.File) error {
	for _, part := range seeded.Parts {
		fn, err := declaration(part.Text)
		if err != nil {
			return fmt.Errorf("part of %s for %s: %w", seeded.Path, part.Method, err)
		}
		if fn.Recv == nil {
			in.addFunc(seeded.Path, fn.Name.Name, part)
		} else {
			in.addMethod(seeded.Path, fn.Name.Name, part)
		}
	}
	return nil
}

// addFunc inserts a function, such as a test, behind the last of its file.
func (in *inserter) addFunc(home, name string, part render.Part) {
	var file *goFile
	for _, f := range in.src.files {
		if _, ok := names(f.ast)[name]; ok {
			return
		}
		if f.name == home {
			file = f
		}
	}
	if file != nil { // a file that the user removed is not wanted back
		in.insert(file, name, part)
	}
}

func (in *inserter) addMethod(home, name string, part render.Part) {
	if in.impl == "" {
		in.manual = append(in.manual, Manual{home + ": no type of the package is recognised as the implementation of method " + name, part.Text})
		return
	}
	var last function
	perFile := map[*goFile]int{}
	for _, fn := range in.functions {
		if fn.recv != in.impl || fn.file.test() {
			continue
		}
		if fn.decl.Name.Name == name {
			return
		}
		perFile[fn.file]++
		if last.file == nil || perFile[fn.file] >= perFile[last.file] {
			last = fn
		}
	}
	if last.file == nil {
		in.insert(in.fileOf(in.impl), name, part)
		return
	}
	part.Text = bytes.Replace(part.Text, []byte("*"+seededType+")"), []byte(receiverType(last)+")"), 1)
	in.insert(last.file, name, part)
}

// receiverType is the receiver's type as the user writes it.
func receiverType(fn function) string {
	t := fn.decl.Recv.List[0].Type
	base := fn.file.ast.FileStart
	return string(fn.file.text[t.Pos()-base : t.End()-base])
}

func (in *inserter) fileOf(typ string) *goFile {
	for _, f := range in.src.files {
		if _, ok := names(f.ast)[typ]; ok && !f.test() {
			return f
		}
	}
	return nil
}

// insert puts a part behind the last declaration of its like in file, and the
// imports it needs with those that are there.
func (in *inserter) insert(file *goFile, name string, part render.Part) {
	offset := in.behind(file, part)
	text := "\n\n" + strings.TrimSpace(string(part.Text))
	if offset == len(file.text) {
		text = "\n" + strings.TrimSpace(string(part.Text)) + "\n"
	}
	in.edits[file] = append(in.edits[file], edit{offset, text})
	line := 1 + bytes.Count(file.text[:offset], []byte("\n"))
	in.notes[file] = append(in.notes[file], fmt.Sprintf("%s behind line %d", name, line))
	for _, path := range part.Imports {
		in.imports(file, path)
	}
}

// behind is the offset of the end of the line on which the last method of the
// implementation ends, or the last test, or the file.
func (in *inserter) behind(file *goFile, part render.Part) int {
	end := token.NoPos
	for _, fn := range in.functions {
		alike := fn.recv == in.impl && in.impl != ""
		if file.test() {
			alike = strings.HasPrefix(fn.decl.Name.Name, "Test")
		}
		if fn.file == file && alike {
			end = fn.decl.End()
		}
	}
	if end == token.NoPos {
		return len(file.text)
	}
	offset := int(end - file.ast.FileStart)
	if eol := bytes.IndexByte(file.text[offset:], '\n'); eol >= 0 {
		rest := bytes.TrimRight(file.text[offset:offset+eol], "\r")
		if t := bytes.TrimSpace(rest); len(t) == 0 || bytes.HasPrefix(t, []byte("//")) {
			return offset + len(rest) // a comment behind the brace stays with it
		}
	}
	return offset
}

// imports adds an import that file does not have under its own name.
func (in *inserter) imports(file *goFile, path string) {
	for _, imp := range file.ast.Imports {
		if p, err := strconv.Unquote(imp.Path.Value); err == nil && p == path && imp.Name == nil {
			return
		}
	}
	e := edit{text: "\n\nimport " + strconv.Quote(path), offset: int(file.ast.Name.End() - file.ast.FileStart)}
	for _, d := range file.ast.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			e = edit{text: "\nimport " + strconv.Quote(path), offset: int(g.End() - file.ast.FileStart)}
			if g.Lparen.IsValid() {
				e = edit{text: "\n\t" + strconv.Quote(path), offset: afterStd(g, path, file)}
			}
			break
		}
	}
	if !slices.Contains(in.edits[file], e) {
		in.edits[file] = append(in.edits[file], e)
	}
}

// afterStd is where a standard package belongs in an import block that is
// sorted: behind the last one that is less, or right behind the parenthesis.
func afterStd(g *ast.GenDecl, path string, file *goFile) int {
	at := g.Lparen + 1
	for _, s := range g.Specs {
		spec := s.(*ast.ImportSpec) // an import declaration has no other specs
		if p, err := strconv.Unquote(spec.Path.Value); err == nil && p < path && !strings.Contains(p, ".") {
			at = spec.End()
		}
	}
	return int(at - file.ast.FileStart)
}

// result is file with its edits.
func (in *inserter) result(file *goFile) []byte {
	edits := slices.Clone(in.edits[file])
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.offset, b.offset) })
	newline := "\n"
	if bytes.Contains(file.text, []byte("\r\n")) {
		newline = "\r\n"
	}
	var b bytes.Buffer
	from := 0
	for _, e := range edits {
		b.Write(file.text[from:e.offset])
		b.WriteString(strings.ReplaceAll(e.text, "\n", newline))
		from = e.offset
	}
	b.Write(file.text[from:])
	return b.Bytes()
}

// declaration is the one function that a part declares.
func declaration(text []byte) (*ast.FuncDecl, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "", append([]byte("package p\n"), text...), parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			return fn, nil
		}
	}
	return nil, fmt.Errorf("declares no function")
}
