package spec

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzLoad: whatever is in a file, the answer is a service or problems that
// say where, what and the mend; never a panic.
func FuzzLoad(f *testing.F) {
	for _, file := range must(filepath.Glob("testdata/*.go"))(f) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, file := range must(filepath.Glob("testdata/refuse/*.txtar"))(f) {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			f.Add(string(part.Data))
		}
	}
	for _, text := range []string{
		"package a\ntype Service = Service",
		"package a\ntype Service interface{ Service }",
		"package a\ntype (Service interface{ A }; A interface{ B }; B interface{ A })",
		"package a\ntype P *P\ntype M map[P]M\ntype Service interface{ F(P, M, [len(x)]int) (error, P) }",
		"package a\ntype S struct { S; *T }\ntype T = *S\ntype Service interface{ F(S, T, struct{ S }) }",
		"package a\nimport x \"\"\nimport . \"y\"\nimport z \"unsafe\"\ntype Service interface{ F(x.A, y, z.B) error }",
		"package a\ntype G[T any] struct { X T }\ntype Service interface{ F(G[G[int]], G, G[int, int]) error }",
		"package a\ntype G[T any] struct { X *G[G[T]] }\ntype H[T any] []H[[]T]\ntype Service interface{ F(G[int], H[H[int]]) error }",
		"package a\ntype A struct { B; *C }\ntype B struct { *C; D }\ntype C struct { *A; D }\ntype D struct { X [n]map[int]struct{}; Y []*[2]*int }\nconst n = 1 << 3\ntype Service interface{ F(A) error }",
		"package a\n//kit:enum\ntype E int\nconst (\nA E = iota\nB\n)\n//kit:message X\ntype S struct { E E; N struct { A any //kit:any\n}}\ntype Service interface{ F(E, S) error\n error //kit:skip\n}",
		"package a\nimport \"C\"\ntype Service interface{ F(C.int) error }",
		"package a\ntype Service interface{ F(...int, ...string); F(); _(); comparable; int }",
		"package a\n//line x.go:1\ntype Service interface{ F() }",
		"package a\ntype Service interface{ F(a struct{ b interface{ c() } }) }\ntype _ int\ntype error int",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		svc, err := LoadFS(inMemory("a.go", text), Options{})
		if err == nil {
			if len(svc.Methods) == 0 {
				t.Error("accepted without methods")
			}
			return
		}
		problems, ok := errors.AsType[Problems](err)
		if !ok {
			t.Fatalf("not Problems: %v", err)
		}
		for _, p := range problems {
			if p.Msg == "" || p.Fix == "" || p.Code == "" {
				t.Errorf("incomplete: %+v", p)
			}
		}
	})
}
