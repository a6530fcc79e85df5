package cli

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// BenchmarkAddsvc is kitgen new service addsvc, from reading the interface to
// the last file; the budget is 100 ms.
func BenchmarkAddsvc(b *testing.B) {
	o := newOptions{
		name:       "addsvc",
		from:       "../spec/testdata/addsvc.go",
		transports: knownTransports,
		registry:   "etcd",
	}
	lib := project.Library{Dir: "/kitgen"}
	b.Run("memory", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := o.plan(project.Place{Module: "addsvc", Own: true}, lib); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("disk", func(b *testing.B) {
		b.ReportAllocs()
		dir, n := b.TempDir(), 0
		for b.Loop() {
			n++
			plan, err := o.plan(project.Place{Module: "addsvc", Own: true}, lib)
			if err != nil {
				b.Fatal(err)
			}
			if err := create(filepath.Join(dir, strconv.Itoa(n)), plan); err != nil {
				b.Fatal(err)
			}
		}
	})
}
