package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblemsErr(t *testing.T) {
	if err := Problems(nil).Err(); err != nil {
		t.Errorf("no problems: %v", err)
	}
	at := func(pos string) Problem { return Problem{Pos: pos, Code: "KG000", Msg: "wrong", Fix: "mend"} }
	err := Problems{at("b.go:1:1"), at("a.go:10:2"), at("a.go:9:2"), at("a.go:9:10"), at("a.go:9:2"), at("")}.Err()
	want := "KG000: wrong: mend\n" +
		"a.go:9:2: KG000: wrong: mend\n" +
		"a.go:9:10: KG000: wrong: mend\n" +
		"a.go:10:2: KG000: wrong: mend\n" +
		"b.go:1:1: KG000: wrong: mend"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"timeout", "timeout", 0}, {"timout", "timeout", 1}, {"idempotant", "idempotent", 1}, {"http", "noerror", 7}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%s, %s) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestPackageName(t *testing.T) {
	for _, tt := range []struct{ path, used, want string }{
		{"time", "", "time"},
		{"net/url", "url", "url"},
		{"example.com/opt/v2", "opt", "opt"},
		{"gopkg.in/yaml.v3", "yaml", "yaml"},
		{"github.com/google/go-uuid", "uuid", "uuid"},
		{"github.com/satori/uuid-go", "uuid", "uuid"},
		{"example.com/my-pkg", "mypkg", "mypkg"},
		{"example.com/my-pkg", "my_pkg", "my_pkg"},
		{"v2", "", "v2"},
	} {
		used := func(n string) bool { return n == tt.used }
		if got := packageName(tt.path, used); got != tt.want {
			t.Errorf("packageName(%s) = %s, want %s", tt.path, got, tt.want)
		}
	}
}
