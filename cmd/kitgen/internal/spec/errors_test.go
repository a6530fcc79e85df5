package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestErrorsThatWrap has errors that errors.Is finds in others: a server asks for
// the outer one first, or its code would never be sent.
func TestErrorsThatWrap(t *testing.T) {
	files := inMemory("a.go", `package a

import (
	"context"
	"errors"
	"fmt"
)

var (
	ErrNone   = errors.New("there is none")             //kit:error none 404
	ErrOther  = errors.New("other")                     //kit:error other 400
	ErrNoUser = fmt.Errorf("user: %w", ErrNone)         //kit:error no_user 404
	errAdmin  = fmt.Errorf("admin: %w", ErrNoUser)
	ErrNoRoot = errors.Join(errors.New("root"), errAdmin) //kit:error no_root 404
)

type Service interface {
	Do(ctx context.Context) error
}
`)
	svc, err := LoadFS(files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range svc.Errors {
		got = append(got, e.Name)
	}
	if diff := cmp.Diff([]string{"ErrNoRoot", "ErrNoUser", "ErrNone", "ErrOther"}, got); diff != "" {
		t.Error(diff)
	}
}
