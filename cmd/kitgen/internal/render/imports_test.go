package render

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
	"testing"
)

// TestImportsAreUsed has names that end like those of packages.
func TestImportsAreUsed(t *testing.T) {
	in := addsvc(t)
	in.Service = load(t, "addsvc", `package addsvc

import (
	"context"
	"net/netip"
	"time"
)

type Service interface {
	//kit:http GET /up/{host}
	Up(ctx context.Context, host string, uptime time.Duration) error
	//kit:http GET /run/{runtime}
	Run(ctx context.Context, runtime netip.Addr, mytime *netip.Addr) error
}
`)
	files, err := Render(in, tree(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Path, "_gen.go") {
			continue
		}
		for _, unused := range unusedImports(t, f.Text) {
			t.Errorf("%s imports %s and does not use it", f.Path, unused)
		}
	}
}

// unusedImports are those of a Go file of which it names nothing.
func unusedImports(t *testing.T, text []byte) (unused []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{"_": true}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok {
				used[x.Name] = true
			}
		}
		return true
	})
	for _, i := range file.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		if !used[name] {
			unused = append(unused, p)
		}
	}
	return unused
}

func TestNames(t *testing.T) {
	for code, want := range map[string]bool{
		"time.Time": true, "[]time.Time": true, "...time.Time": true, "map[datetime.Date]time.Time": true,
		"datetime.Date": false, "req.Uptime.String()": false, "my_time.X": false, "time": false, "": false,
	} {
		if got := names(code, "time"); got != want {
			t.Errorf("names(%q, time) is %v", code, got)
		}
	}
}
