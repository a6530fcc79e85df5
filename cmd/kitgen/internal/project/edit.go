package project

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// edit is text to put at an offset of a file, in the place of the bytes that
// are cut there.
type edit struct {
	offset int
	text   string
	cut    int
}

// insert puts a part behind the last declaration of its like in file, and the
// imports it needs with those that are there.
func (in *inserter) insert(file *goFile, name string, part render.Part) {
	offset := in.behind(file)
	text := "\n\n" + part.Gofmt()
	if offset == len(file.text) {
		text = text[1:] + "\n"
	}
	in.edits[file] = append(in.edits[file], edit{offset: offset, text: text})
	in.note(file, "%s behind line %d", name, 1+bytes.Count(file.text[:offset], newline))
	for _, imp := range part.Imports {
		in.imports(file, imp)
	}
}

// behind is the offset of the end of the line on which the last method of the
// implementation ends, or the last test, or the file.
func (in *inserter) behind(file *goFile) int {
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

// imports adds an import, a path with or without a name before it, that file
// does not have under that name.
func (in *inserter) imports(file *goFile, what string) {
	path := what[strings.LastIndexByte(what, ' ')+1:]
	name := strings.TrimSuffix(what, path) // with the space
	for _, imp := range file.ast.Imports {
		local := ""
		if imp.Name != nil {
			local = imp.Name.Name + " "
		}
		if p, err := strconv.Unquote(imp.Path.Value); err == nil && p == path && local == name {
			return
		}
	}
	e := edit{text: "\n\nimport " + name + strconv.Quote(path), offset: int(file.ast.Name.End() - file.ast.FileStart)}
	for _, d := range file.ast.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			e = edit{text: "\nimport " + name + strconv.Quote(path), offset: int(g.End() - file.ast.FileStart)}
			if g.Lparen.IsValid() {
				e.offset, e.text = beside(g, path, file)
				e.text = strings.Replace(e.text, strconv.Quote(path), name+strconv.Quote(path), 1)
			}
			break
		}
	}
	if !slices.Contains(in.edits[file], e) {
		in.edits[file] = append(in.edits[file], e)
	}
}

// beside is where an import belongs in a block that is sorted: behind the last
// of its group that is less; else in front of its group; else, of a group that
// is not there, the standard packages first and others last.
func beside(g *ast.GenDecl, path string, file *goFile) (at int, text string) {
	text = "\n\t" + strconv.Quote(path)
	var behind, before, last token.Pos
	for _, s := range g.Specs {
		spec, ok := s.(*ast.ImportSpec)
		if !ok {
			continue
		}
		last = spec.End()
		p, err := strconv.Unquote(spec.Path.Value)
		switch {
		case err != nil || group(p) != group(path):
		case p < path:
			behind = spec.End()
		case !before.IsValid():
			before = spec.Pos()
		}
	}
	offset := func(p token.Pos) int { return int(p - file.ast.FileStart) }
	switch {
	case behind.IsValid():
		return offset(behind), text
	case before.IsValid():
		return offset(before), text[2:] + "\n\t"
	case last.IsValid() && group(path) != "":
		return offset(last), "\n" + text
	case last.IsValid():
		text += "\n"
	}
	return offset(g.Lparen + 1), text
}

// group is the first two elements of the path of a package that is not of the
// standard library: what goimports and people put side by side.
func group(path string) string {
	host, rest, _ := strings.Cut(path, "/")
	if !strings.Contains(host, ".") {
		return ""
	}
	owner, _, _ := strings.Cut(rest, "/")
	return host + "/" + owner
}

// result is file with its edits. It parses: nothing is written that does not.
func (in *inserter) result(file *goFile) ([]byte, error) {
	if len(in.edits[file]) == 0 {
		return file.text, nil
	}
	edits := slices.Clone(in.edits[file])
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.offset, b.offset) })
	eol := "\n"
	if bytes.Contains(file.text, []byte("\r\n")) {
		eol = "\r\n"
	}
	var b bytes.Buffer
	from := 0
	for _, e := range edits { // two removals may share the blank line between them
		b.Write(file.text[from:max(from, e.offset)])
		b.WriteString(strings.ReplaceAll(e.text, "\n", eol))
		from = max(from, e.offset+e.cut)
	}
	b.Write(file.text[from:])
	text := b.Bytes()
	if in.gone[file] != "" && !endsBlank(file.text) { // the blank line above what is gone
		for endsBlank(text) {
			text = bytes.TrimSuffix(text[:len(text)-1], []byte("\r"))
		}
	}
	text, err := unimport(file.name, text, in.gone[file])
	if err != nil {
		return nil, fmt.Errorf("insert into %s: %w", file.name, err)
	}
	return text, nil
}

// endsBlank reports whether the last line of text is empty.
func endsBlank(text []byte) bool {
	return bytes.HasSuffix(text, []byte("\n\n")) || bytes.HasSuffix(text, []byte("\n\r\n"))
}
