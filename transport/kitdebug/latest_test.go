package kitdebug_test

import (
	"fmt"
	"testing"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/kitdebug"
)

var _ func(*lb.Pool) = new(kitdebug.Pool).Set // as stub.Config.OnPool wants it

func TestAPoolThatIsKnownLater(t *testing.T) {
	t.Parallel()
	later := new(kitdebug.Pool)
	page := newPage(t, kitdebug.Config{Clients: []kitdebug.Client{{Name: "addsvc", Pool: later}}})
	d := document(t, page, "")
	if at(t, d, "clients", 0, "known") != 0.0 || at(t, d, "troubles", 0) != "addsvc: no instance is known, so that every call fails" {
		t.Errorf("%v", d)
	}
	p := newParts(t, sd.Fixed{{Addr: "10.0.0.1:80"}}, middleware.ClientConfig{}, func(string) error { return nil })
	if _, err := p.call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	later.Set(p.pool)
	d = document(t, page, "")
	if at(t, d, "clients", 0, "instances", 0, "state") != "ready" || at(t, d, "clients", 0, "picks", 0, "chosen") != "10.0.0.1:80" || at(t, d, "clients", 0, "pool", "panicking") != false {
		t.Errorf("%v", d)
	}
}

// BenchmarkPage asks real parts of a thousand instances.
func BenchmarkPage(b *testing.B) {
	list := make(sd.Fixed, 1000)
	for i := range list {
		list[i].Addr = fmt.Sprintf("10.0.%d.%d:80", i/256, i%256)
	}
	p := newParts(b, list, middleware.ClientConfig{}, func(string) error { return nil })
	page := newPage(b, kitdebug.Config{Clients: []kitdebug.Client{p.client("addsvc")}})
	b.Run("figures", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			page.Read(func(string, float64, ...string) {})
		}
	})
	for _, path := range []string{"/debug/kit", "/debug/kit.json"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				get(b, page, path)
			}
		})
	}
}
