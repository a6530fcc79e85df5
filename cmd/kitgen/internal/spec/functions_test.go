package spec

import (
	"testing"
	"testing/fstest"
)

// TestFunctions has structs whose names are those of what the generated code
// converts anyway.
func TestFunctions(t *testing.T) {
	svc, err := LoadFS(fstest.MapFS{"a.go": {Data: []byte(`package a

import (
	"context"
	"iter"
	"time"
)

type (
	Time      struct{ At time.Time }
	Any       struct{ N int }
	WatchItem struct{ N int }
	Plain     struct{ N int }
)

type Service interface {
	//kit:any
	Do(ctx context.Context, t Time, a Any, v any, p Plain) error
	Watch(ctx context.Context, items iter.Seq[WatchItem]) error
}
`)}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"Time": "timeMessage", "Any": "anyMessage", "WatchItem": "watchItemMessage", "Plain": "plain"}
	for _, s := range svc.Structs {
		if s.Func != want[s.Name] {
			t.Errorf("functions of %s are called %s, want %s", s.Name, s.Func, want[s.Name])
		}
	}
	if len(svc.Structs) != len(want) {
		t.Errorf("got %d structs", len(svc.Structs))
	}
}
