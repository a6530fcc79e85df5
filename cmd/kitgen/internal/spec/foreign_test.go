package spec

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestForeign loads package orders of the modules in testdata/foreign, whose
// last file is what is read from it, or why it is refused.
func TestForeign(t *testing.T) {
	for _, file := range must(filepath.Glob("testdata/foreign/*.txtar"))(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive := must(txtar.ParseFile(file))(t)
			archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			got := readForeign(t, archive)
			archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(must(os.ReadFile(file))(t)), string(txtar.Format(archive))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func readForeign(t *testing.T, archive *txtar.Archive) string {
	t.Setenv("GOWORK", "off")
	dir := t.TempDir()
	for _, f := range archive.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	svc, err := Load(filepath.Join(dir, "orders"), Options{Module: "example.com/shop/orders"})
	if err != nil {
		return err.Error() + "\n"
	}
	return dump(svc)
}
