package spec_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/templates"
)

// TestGeneratedNames holds the names that are refused to users against those
// that generated code really declares and imports.
func TestGeneratedNames(t *testing.T) {
	for _, name := range []string{"addsvc", "stringservice", "profilesvc", "kinds", "streams", "routes"} {
		t.Run(name, func(t *testing.T) {
			svc, files := generate(t, name)
			reserved := spec.GeneratedNames(svc)
			for _, f := range files {
				for _, id := range declaredBy(f) {
					own := slices.ContainsFunc(svc.Imports, func(i spec.Import) bool { return i.Name == id })
					if _, ok := reserved[id]; !ok && !own {
						t.Errorf("%s has %s, which a user may still declare: add it to generated.go", f.Name.Name, id)
					}
				}
				for _, id := range membersBy(f) {
					method := slices.ContainsFunc(svc.Methods, func(m spec.Method) bool { return m.Name == id })
					if !method && token.IsExported(id) && !slices.Contains(spec.MemberNames, id) {
						t.Errorf("Caller or Client has %s, which a method may still be named: add it to generated.go", id)
					}
				}
			}
		})
	}
}

// generate renders a service and parses what is generated in its package.
func generate(t *testing.T, name string) (*spec.Service, []*ast.File) {
	t.Helper()
	source, err := os.ReadFile("testdata/" + name + ".go")
	if err != nil {
		t.Fatal(err)
	}
	svc, err := spec.LoadFS(fstest.MapFS{name + ".go": &fstest.MapFile{Data: source}}, spec.Options{Module: "example.com/" + name})
	if err != nil {
		t.Fatal(err)
	}
	service, err := fs.Sub(templates.Service, "service")
	if err != nil {
		t.Fatal(err)
	}
	out, err := render.Render(render.Input{
		Service: svc, Source: source, Version: "v0", Transports: []string{"http", "grpc"}, Registry: "etcd",
	}, service)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, f := range out {
		if f.Kind != render.Generated || path.Dir(f.Path) != "." || !strings.HasSuffix(f.Path, ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, parsed)
	}
	if len(files) == 0 {
		t.Fatal("nothing generated")
	}
	return svc, files
}

// declaredBy are a file's package-level names and those it imports under.
func declaredBy(f *ast.File) []string {
	var ids []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				ids = append(ids, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				ids = append(ids, specNames(s)...)
			}
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == "_" || strings.HasPrefix(id, "Test") })
}

func specNames(s ast.Spec) []string {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return []string{s.Name.Name}
	case *ast.ValueSpec:
		var ids []string
		for _, n := range s.Names {
			ids = append(ids, n.Name)
		}
		return ids
	case *ast.ImportSpec:
		if s.Name != nil {
			return []string{s.Name.Name}
		}
		if p, err := strconv.Unquote(s.Path.Value); err == nil {
			return []string{path.Base(p)}
		}
	}
	return nil
}

// membersBy are the fields and methods of Caller and Client.
func membersBy(f *ast.File) []string {
	var ids []string
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			st, ok := n.Type.(*ast.StructType)
			if !ok || !ofClient(n.Name) {
				return true
			}
			for _, field := range st.Fields.List {
				for _, id := range field.Names {
					ids = append(ids, id.Name)
				}
				if id, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 {
					ids = append(ids, id.Name)
				}
			}
		case *ast.FuncDecl:
			if n.Recv != nil && ofClient(n.Recv.List[0].Type) {
				ids = append(ids, n.Name.Name)
			}
		}
		return true
	})
	return ids
}

func ofClient(e ast.Expr) bool {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	id, ok := e.(*ast.Ident)
	return ok && (id.Name == "Caller" || id.Name == "Client")
}
