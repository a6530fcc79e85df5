package project

import (
	"bytes"
	"go/ast"
	"strings"
)

// origin is a function as kitgen wrote it.
type origin struct {
	text string
	sig  signature
}

// origins are the functions of the bases, by key.
type origins map[string]origin

// key tells a method from a function of the same name.
func key(fn *ast.FuncDecl) string {
	if fn.Recv != nil {
		return "." + fn.Name.Name
	}
	return fn.Name.Name
}

func (s *source) origins() origins {
	out := origins{}
	for _, fn := range s.functions() {
		out[key(fn.decl)] = origin{fn.plain(), signatureOf(fn.file.ast.Imports, fn.decl)}
	}
	return out
}

// untouched reports whether fn is what kitgen wrote, and alone on its lines.
func (o origins) untouched(fn function) bool {
	was, ok := o[key(fn.decl)]
	_, to := fn.span()
	rest, _, _ := bytes.Cut(fn.file.text[to:], newline)
	return ok && was.text == fn.plain() && len(bytes.TrimSpace(rest)) == 0
}

// plain is the text of fn as kitgen writes it for a type of its own.
func (fn function) plain() string {
	text := fn.text()
	if fn.decl.Recv != nil {
		text = strings.Replace(text, receiverType(fn)+")", "*"+seededType+")", 1)
	}
	return string(unixLines([]byte(text)))
}

// span is where fn is in its file, with its comment.
func (fn function) span() (from, to int) {
	start := fn.decl.Pos()
	if fn.decl.Doc != nil {
		start = fn.decl.Doc.Pos()
	}
	base := fn.file.ast.FileStart
	return int(start - base), int(fn.decl.End() - base)
}

func (fn function) text() string {
	from, to := fn.span()
	return string(fn.file.text[from:to])
}
