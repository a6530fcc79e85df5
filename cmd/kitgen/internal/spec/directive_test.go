package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDirectives is what each line changes.
func TestDirectives(t *testing.T) {
	const text = `package a

import "context"

type Service interface {
	//kit:http GET /users/{id}
	//kit:skip grpc
	Get(ctx context.Context, id string) (User, error)

	//kit:was Add
	//kit:was first=a second=b
	//kit:proto second=7 sum=total
	Plus(ctx context.Context, first, second int) (sum int, err error)
}

type User struct {
	//kit:was Mail
	Address string
	//kit:proto 4
	Name string
	//kit:was Years
	Age int ` + "`json:\"age\"`" + `
}
`
	svc, err := LoadFS(inMemory("a.go", text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	get, plus := svc.Methods[0], svc.Methods[1]
	if diff := cmp.Diff(&Route{"GET", "/users/{id}", "a.go:6:2"}, get.HTTP); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"grpc"}, get.Skip); diff != "" {
		t.Error(diff)
	}
	if plus.Was != "Add" || plus.PB != "Add" {
		t.Errorf("Plus was %q, and is %q in the .proto", plus.Was, plus.PB)
	}
	type names struct {
		Go, JSON, Proto string
		Number          int32
	}
	var got []names
	for _, list := range [][]Field{plus.Params, plus.Results, svc.Structs[0].Fields} {
		for _, f := range list {
			got = append(got, names{f.Go, f.JSON, f.Proto, f.Number})
		}
	}
	want := []names{
		{"First", "a", "a", 0}, {"Second", "b", "b", 7}, {"Sum", "sum", "total", 0},
		{"Address", "Address", "mail", 0}, {"Name", "Name", "name", 4}, {"Age", "age", "years", 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
