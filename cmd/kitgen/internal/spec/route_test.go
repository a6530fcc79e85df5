package spec

import "testing"

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
		got := "path:"
		for _, f := range m.InPath() {
			got += " " + f.Name
		}
		for _, f := range m.Params {
			if p := m.Place(f); p != InPath {
				got += "; " + string(p) + ": " + f.Name
			}
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", m.Name, got, want)
		}
	}
}
