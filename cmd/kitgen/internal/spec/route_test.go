package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVariables has parameters that were called what others are called now.
func TestVariables(t *testing.T) {
	svc, err := LoadFS(inMemory("a.go", `package a

import "context"

type Service interface {
	//kit:was id=name name=id
	//kit:http GET /users/{name}
	Get(ctx context.Context, id, name string) error
	//kit:was id=old
	//kit:http PUT /users/{old}/{part}
	Put(ctx context.Context, part, id, rest string) error
}
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"path: name; query: id", "path: id part; body: rest"} {
		m := &svc.Methods[i]
		var got strings.Builder
		got.WriteString("path:")
		for _, f := range m.InPath() {
			got.WriteString(" " + f.Name)
		}
		for _, f := range m.Params {
			if p := m.Place(f); p != InPath {
				got.WriteString("; " + string(p) + ": " + f.Name)
			}
		}
		if got.String() != want {
			t.Errorf("%s: got %s, want %s", m.Name, got.String(), want)
		}
	}
}

// TestHiddenValues has a path that is also what a variable of another could be.
func TestHiddenValues(t *testing.T) {
	svc, err := LoadFS(inMemory("a.go", `package a

import "context"

type Service interface {
	//kit:http DELETE /users/{id}
	Delete(ctx context.Context, id string) error
	//kit:http DELETE /users/all
	DeleteAll(ctx context.Context) error
	//kit:http GET /users/all
	All(ctx context.Context) error
	//kit:http DELETE /users/{id}/posts
	DeletePosts(ctx context.Context, id string) error
	//kit:http POST /{what}
	Post(ctx context.Context, what string) error
	Plain(ctx context.Context) error
}
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "a.go:8:2: KGW52: DeleteAll answers the calls of Delete over HTTP in which id is all: be sure that no caller means them, or give one another path\n" +
		"a.go:16:2: KGW52: Plain answers the calls of Post over HTTP in which what is plain: be sure that no caller means them, or give one another path"
	if diff := cmp.Diff(want, svc.Warnings.Error()); diff != "" {
		t.Error(diff)
	}
}
