package dev

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsToTryNamesTheServiceIfThereAreMore(t *testing.T) {
	dir := t.TempDir()
	save(t, dir, "go.mod", "module greeter\n\ngo 1.26\n")
	save(t, dir, "greeter.go", "package greeter\n\nimport \"context\"\n\ntype Service interface {\n\tGreet(ctx context.Context, name string) (greeting string, err error)\n}\n")
	f := &fleet{service: &service{name: "greeter", dir: dir, iface: "Service"}, door: &door{addr: "h:1"}}
	want := []string{"kitgen call Greet name=Ada", `curl -d '{"name":"Ada"}' h:1/greet`}
	if diff := cmp.Diff(want, f.tries(false)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("kitgen call greeter Greet name=Ada", f.tries(true)[0]); diff != "" {
		t.Error(diff)
	}
}
