package project

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// errNotImported is why a type of another package is not known here.
var errNotImported = errors.New("not imported")

// retype has a method of the user's take and return what the interface says
// now, if it did what the interface said before. One that nobody touched is
// replaced; of another one, only the parameters and results are, and only if
// its body does not mind. Otherwise the user is told.
func (in *inserter) retype(fn function, part render.Part, now signature) {
	was, known := in.origins[key(fn.decl)]
	have := signatureOf(fn.file.ast.Imports, fn.decl)
	if !known || have.alike(now) || was.sig.alike(now) || in.unmended[part.Method] {
		return
	}
	in.changed[part.Method] = true
	if in.origins.untouched(fn) {
		in.replace(fn, part)
		return
	}
	text, why := in.resigned(fn, now, was.sig, have)
	if why != "" {
		in.unmended[part.Method] = true
		pos := in.src.fset.Position(fn.decl.Pos())
		where := fmt.Sprintf("%s:%d: the signature of %s changed, and %s", pos.Filename, pos.Line, fn.decl.Name.Name, why)
		in.manual = append(in.manual, Manual{where, fmt.Appendf(nil, "func (%s) %s%s\n", receiverField(fn), fn.decl.Name.Name, now.text())})
		return
	}
	from, to := signatureSpan(fn)
	in.edits[fn.file] = append(in.edits[fn.file], edit{offset: from, cut: to - from, text: text})
	in.gone[fn.file] += string(fn.file.text[from:to])
	in.note(fn.file, "signature of %s at line %d", fn.decl.Name.Name, 1+bytes.Count(fn.file.text[:from], newline))
	for _, path := range part.Imports {
		if strings.Contains(text, path[strings.LastIndexByte(path, '/')+1:]+".") {
			in.imports(fn.file, path)
		}
	}
}

// resigned is the new text of the signature of fn, or why it cannot be had.
func (in *inserter) resigned(fn function, now, was, have signature) (text, why string) {
	if !have.alike(was) {
		return "", "this one was not of the one before"
	}
	next, ok := now.follow(was, have)
	if !ok {
		return "", "its names do not fit"
	}
	for _, name := range now.lost(was, have) {
		if uses(fn.decl.Body, name) {
			return "", name + ", which is no more, is in use"
		}
	}
	for _, name := range now.moved(was, have) {
		if name == "" || uses(fn.decl.Body, name) {
			return "", strings.TrimSpace("the type of "+name) + ", which is in use, is of another package"
		}
	}
	text = next.text()
	if problem := in.check(fn, text); problem != "" {
		return "", "its body would not compile: " + problem
	}
	return text, ""
}

// check is what is wrong with the body of fn under another signature.
func (in *inserter) check(fn function, text string) string {
	from, to := signatureSpan(fn)
	texts := map[string][]byte{}
	for name, text := range in.generated {
		if strings.HasSuffix(name, ".go") && !strings.Contains(name, "/") && !strings.HasSuffix(name, "_test.go") {
			texts[name] = text
		}
	}
	for _, f := range in.src.files {
		if !f.test() {
			texts[f.name] = f.text
		}
	}
	texts[fn.file.name] = slices.Concat(fn.file.text[:from], []byte(text), fn.file.text[to:])
	return checkBody(texts, fn.file.name, fn.decl.Name.Name, fn.recv)
}

// replace puts part in the place of fn.
func (in *inserter) replace(fn function, part render.Part) {
	from, to := fn.span()
	in.edits[fn.file] = append(in.edits[fn.file], edit{offset: from, cut: to - from, text: part.Gofmt()})
	in.gone[fn.file] += fn.text()
	in.note(fn.file, "%s at line %d, as nobody touched it", fn.decl.Name.Name, 1+bytes.Count(fn.file.text[:from], newline))
	for _, path := range part.Imports {
		in.imports(fn.file, path)
	}
}

// remove takes fn out of its file, with one of the blank lines around it.
func (in *inserter) remove(fn function) {
	from, to := fn.span()
	text := fn.file.text
	rest, after, _ := bytes.Cut(text[to:], newline)
	switch {
	case len(bytes.TrimSpace(rest)) > 0: // something of the user's is behind it
	case len(bytes.TrimSpace(after)) == 0:
		to += min(len(rest)+1, len(text)-to)
		from = len(bytes.TrimRight(text[:from], "\r\n"))
		from += min(len(text)-from, len(text[from:])-len(bytes.TrimLeft(text[from:], "\r")))
		from += bytes.IndexByte(text[from:], '\n') + 1
	default:
		to += len(rest) + 1
		if blank, _, _ := bytes.Cut(after, newline); len(bytes.TrimSpace(blank)) == 0 {
			to += len(blank) + 1
		}
	}
	in.edits[fn.file] = append(in.edits[fn.file], edit{offset: from, cut: to - from})
	in.gone[fn.file] += fn.text()
	in.functions = slices.DeleteFunc(in.functions, func(f function) bool { return f.decl == fn.decl })
	in.note(fn.file, "%s removed, which nobody touched", fn.decl.Name.Name)
}

func (in *inserter) note(file *goFile, format string, args ...any) {
	in.notes[file] = append(in.notes[file], fmt.Sprintf(format, args...))
}

// signatureSpan is where the parameters and results of fn are in its file.
func signatureSpan(fn function) (from, to int) {
	base := fn.file.ast.FileStart
	from = int(fn.decl.Type.Params.Pos() - base)
	to = int(fn.decl.Type.Params.End() - base)
	if fn.decl.Type.Results != nil {
		to = int(fn.decl.Type.Results.End() - base)
	}
	return from, to
}

// receiverField is the receiver as the user writes it, with its name.
func receiverField(fn function) string {
	list := fn.decl.Recv
	base := fn.file.ast.FileStart
	return string(fn.file.text[list.Opening+1-base : list.Closing-base])
}

// uses reports whether anything in body is called name.
func uses(body *ast.BlockStmt, name string) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}
