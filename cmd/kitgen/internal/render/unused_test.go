package render

import (
	"path"
	"strings"
	"testing"
)

// Services that have little have no use for some packages: no file may import one
// that it does not name.
func TestNothingIsImportedInVain(t *testing.T) {
	for name, methods := range map[string]string{
		"nothing":      "Ping(ctx context.Context) error",
		"no error":     "//kit:noerror\n\tTick(ctx context.Context)",
		"route":        "//kit:http GET /ping\n\tPing(ctx context.Context) error",
		"upload":       "Store(ctx context.Context, values iter.Seq[int]) error",
		"upload, head": "Store(ctx context.Context, name string, values iter.Seq[string]) error",
		"download":     "Watch(ctx context.Context) (values iter.Seq2[int, error], err error)",
		"one wire":     "//kit:skip http\n\tA(ctx context.Context) error\n\t//kit:skip grpc\n\tB(ctx context.Context, n int8) error",
		"both":         "//kit:skip http\n\tEcho(ctx context.Context, words iter.Seq[string]) (heard iter.Seq2[string, error], err error)\n\tPing(ctx context.Context) error",
	} {
		t.Run(name, func(t *testing.T) {
			in := addsvc(t)
			source := "package addsvc\n\nimport (\"context\"; \"iter\")\n\ntype Service interface {\n\t" + methods + "\n}\n"
			if !strings.Contains(methods, "iter.") {
				source = strings.Replace(source, `; "iter"`, "", 1)
			}
			in.Service = load(t, "addsvc", source)
			files, err := Render(in, tree(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if path.Ext(f.Path) != ".go" || f.Kind == Interface {
					continue
				}
				for _, unused := range unusedImports(t, f.Text) {
					t.Errorf("%s imports %s and does not use it", f.Path, unused)
				}
			}
		})
	}
}
