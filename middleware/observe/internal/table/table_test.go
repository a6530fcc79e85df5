package table_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kitgen/kitgen/middleware/observe/internal/table"
)

func TestGet(t *testing.T) {
	made := 0
	tab := table.New(2, func(k string) int { made++; return len(k) })
	for _, tt := range []struct {
		key  string
		want int
		ok   bool
	}{{"a", 1, true}, {"bb", 2, true}, {"ccc", 0, false}, {"a", 1, true}, {"ccc", 0, false}} {
		if got, ok := tab.Get(tt.key); got != tt.want || ok != tt.ok {
			t.Errorf("Get(%s) = %d, %v; want %d, %v", tt.key, got, ok, tt.want, tt.ok)
		}
	}
	if made != 2 || len(tab.All()) != 2 {
		t.Errorf("%d made, %d there; want 2", made, len(tab.All()))
	}
	if n := testing.AllocsPerRun(100, func() { tab.Get("bb"); tab.Get("ccc") }); n != 0 {
		t.Errorf("reading costs %v allocations", n)
	}
}

func TestMadeOnceByManyAtATime(t *testing.T) {
	var made atomic.Int32
	tab := table.New(50, func(int) *int { made.Add(1); return new(int) })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 100 {
				if v, ok := tab.Get(i); ok != (v != nil) {
					t.Errorf("%d: %v, %v", i, v, ok)
				}
			}
		})
	}
	wg.Wait()
	if made.Load() != 50 {
		t.Errorf("%d made", made.Load())
	}
}

func TestMethods(t *testing.T) {
	tab := table.NewMethods(300, func(service, name string) string { return service + "/" + name })
	for range 2 {
		for _, service := range []string{"", "a", "b"} { // of equal length: they collide
			for i := range 100 {
				name := fmt.Sprint(i)
				if got, ok := tab.Get(service, name); got != service+"/"+name || !ok {
					t.Errorf("Get(%q, %q) = %q, %v", service, name, got, ok)
				}
			}
		}
	}
	if got, ok := tab.Get("c", "x"); ok {
		t.Errorf("there is room for %q", got)
	}
	if n := testing.AllocsPerRun(100, func() { tab.Get("a", "7"); tab.Get("b", "7"); tab.Get("c", "x") }); n != 0 {
		t.Errorf("reading costs %v allocations", n)
	}
}
