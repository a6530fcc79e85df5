package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOver(t *testing.T) {
	svc, err := LoadFS(inMemory("a.go", `package a

import "context"

type (
	Both  struct{ Next *Both; Deep Deep }
	Deep  struct{ Lists [][]int }
	Web   struct{ Colors []Color; Texts [][]string }
	Color int //kit:enum
)

const (
	Red Color = iota
	Green
)

type Service interface {
	Shared(ctx context.Context, b *Both) error
	//kit:skip grpc
	Page(ctx context.Context, w Web, b Both) error
	//kit:skip http
	Wire(ctx context.Context, d map[string]Deep) error
}
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for wire, want := range map[string][]string{
		"http": {"Shared", "Page", "Both", "Deep", "Web", "Color", "ListOfInt64", "ListOfString"},
		"grpc": {"Shared", "Wire", "Both", "Deep", "ListOfInt64"},
	} {
		var got []string
		over := svc.Over(wire)
		for _, m := range over.Methods {
			got = append(got, m.Name)
		}
		for _, s := range over.Structs {
			got = append(got, s.Name)
		}
		for _, e := range over.Enums {
			got = append(got, e.Name)
		}
		for _, w := range over.Wrappers {
			got = append(got, w.PB)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", wire, diff)
		}
	}
	if len(svc.Methods) != 3 || len(svc.Structs) != 3 {
		t.Error("the service itself has changed")
	}
	if whole := loadFile(t, "testdata/addsvc.go"); whole.Over("grpc") != whole {
		t.Error("where every method is served, the service is another")
	}
}

func TestRoutes(t *testing.T) {
	want := map[string]string{
		"GetUser": "GET /users/{id}", "ListUsers": "GET /users", "PutUser": "PUT /users/{id}",
		"DeletePost": "DELETE /users/{id}/posts/{number}", "Rename": "POST /rename", "Root": "GET /{$}",
	}
	for _, m := range loadFile(t, "testdata/routes.go").Methods {
		if w := want[m.Name]; w != "" && m.Route().Pattern() != w {
			t.Errorf("%s is at %s, want %s", m.Name, m.Route().Pattern(), w)
		}
	}
	old := Method{Name: "Plus", Was: "Add"}
	if got := old.Route().Pattern(); got != "POST /add" {
		t.Errorf("what was called Add is at %s", got)
	}
}

func TestPlace(t *testing.T) {
	svc := loadFile(t, "testdata/routes.go")
	want := map[string]Place{"GetUser.id": InPath, "ListUsers.ages": InQuery, "PutUser.id": InPath, "PutUser.age": InBody, "Rename.id": InBody, "DeletePost.dryRun": InQuery}
	for _, m := range svc.Methods {
		for _, f := range m.Params {
			if w, ok := want[m.Name+"."+f.Name]; ok && m.Place(f) != w {
				t.Errorf("%s of %s is in the %s, want %s", f.Name, m.Name, m.Place(f), w)
			}
			delete(want, m.Name+"."+f.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("not met: %v", want)
	}
}
