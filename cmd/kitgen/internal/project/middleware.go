package project

import (
	"bytes"
	"go/ast"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Setting is a statement for the function in which a service composes its
// middleware: cfg.Field = Value.
type Setting struct {
	Field   string   // of middleware.ServerConfig
	Value   string   // Go expression, in which the middleware.ServerConfig is cfg
	Imports []string // that it needs
}

// Set plans setting in the service's function that takes a
// middleware.ServerConfig, such as Compose of endpoints.go. What is set there
// already, to whatever, stays. If there is no such function, the plan says
// what to add by hand.
func (s Setting) Set(dir fs.FS, m *Manifest) (*Plan, error) {
	src, err := readSource(dir, func(name string) bool { return m.Generated[name] != "" })
	if err != nil {
		return nil, err
	}
	file, fn, cfg := src.composer()
	if fn == nil {
		return &Plan{Manual: []Manual{{
			Where: "endpoints.go: no function of the package takes a middleware.ServerConfig, where this belongs",
			Text:  []byte(s.statement("cfg") + "\n"),
		}}}, nil
	}
	if sets(fn.Body, cfg, s.Field) {
		return &Plan{Changes: []Change{{Verb: Identical, Path: file.name, Old: file.text, New: file.text}}}, nil
	}
	in := newInserter(src, nil)
	at := int(fn.Body.Lbrace - file.ast.FileStart + 1)
	line := "\n\t" + s.statement(cfg)
	if rest, _, _ := bytes.Cut(file.text[at:], []byte("\n")); len(bytes.TrimSpace(rest)) > 0 {
		line += "\n"
	}
	in.edits[file] = append(in.edits[file], edit{offset: at, text: line})
	for _, path := range s.Imports {
		in.imports(file, path)
	}
	text, err := in.result(file)
	if err != nil {
		return nil, err
	}
	note := s.statement(cfg) + " in " + fn.Name.Name
	return &Plan{Changes: []Change{{Verb: Insert, Path: file.name, Old: file.text, New: text, Note: note}}}, nil
}

func (s Setting) statement(cfg string) string {
	return cfg + "." + s.Field + " = " + strings.ReplaceAll(s.Value, "cfg.", cfg+".")
}

// composer is the function that takes a middleware.ServerConfig, and what it
// calls that.
func (s *source) composer() (file *goFile, fn *ast.FuncDecl, cfg string) {
	for _, f := range s.functions() {
		if f.recv != "" || f.decl.Body == nil || f.file.test() {
			continue
		}
		for _, param := range f.decl.Type.Params.List {
			sel, ok := param.Type.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "ServerConfig" || len(param.Names) != 1 || param.Names[0].Name == "_" {
				continue
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "middleware" {
				return f.file, f.decl, param.Names[0].Name
			}
		}
	}
	return nil, nil, ""
}

// sets reports whether a function assigns to the field of cfg.
func sets(body *ast.BlockStmt, cfg, field string) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		for _, left := range assign.Lhs {
			if sel, ok := left.(*ast.SelectorExpr); ok && sel.Sel.Name == field {
				x, ok := sel.X.(*ast.Ident)
				found = found || ok && x.Name == cfg
			}
		}
		return true
	})
	return found
}

// Settings are the fields of the middleware.ServerConfig that the service in
// dir sets: where it composes its middleware, and in main.
func Settings(dir fs.FS, m *Manifest) ([]string, error) {
	src, err := readSource(dir, func(name string) bool { return m.Generated[name] != "" })
	if err != nil {
		return nil, err
	}
	set := map[string]bool{}
	if _, fn, cfg := src.composer(); fn != nil {
		for _, field := range settable {
			set[field] = sets(fn.Body, cfg, field)
		}
	}
	main, err := fs.Sub(dir, "cmd/"+m.Service)
	if err != nil {
		return nil, err
	}
	if src, err = readSource(main, func(string) bool { return false }); err != nil {
		return nil, err
	}
	for _, f := range src.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			maps.Copy(set, literal(n))
			return true
		})
	}
	return slices.DeleteFunc(slices.Clone(settable), func(field string) bool { return !set[field] }), nil
}

// settable are the fields of a middleware.ServerConfig that change what a call
// passes.
var settable = []string{"Observers", "Timeout", "Shed", "Auth", "RateLimit", "Limit"}

// literal has the fields that n sets, if it is a literal of a
// middleware.ServerConfig.
func literal(n ast.Node) map[string]bool {
	lit, ok := n.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	if sel, ok := lit.Type.(*ast.SelectorExpr); !ok || sel.Sel.Name != "ServerConfig" {
		return nil
	}
	set := map[string]bool{}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok {
				set[key.Name] = true
			}
		}
	}
	return set
}
