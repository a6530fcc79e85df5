package project

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree is every file below dir, by its path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if d.IsDir() {
			files[path+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// place makes a directory with files and opens it.
func place(t *testing.T, files map[string]string) (dir string, root *os.Root) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return dir, root
}

func TestApply(t *testing.T) {
	dir, root := place(t, map[string]string{"old": "1", "gone": "2", "same": "3"})
	plan := Plan{Changes: []Change{
		{Verb: Create, Path: "a/b/new", New: []byte("new")},
		{Verb: Rewrite, Path: "old", Old: []byte("1"), New: []byte("one")},
		{Verb: Remove, Path: "gone", Old: []byte("2")},
		{Verb: Identical, Path: "same", Old: []byte("3"), New: []byte("not written")},
	}}
	if err := plan.Apply(root); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a/": "", "a/b/": "", "a/b/new": "new", "old": "one", "same": "3"}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if info, err := os.Stat(filepath.Join(dir, "old")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode of a rewritten file: %v, %v, want it as it was", info.Mode(), err)
	}
}

// TestApplyFails has something go wrong at each step; nothing may be left of
// the others.
func TestApplyFails(t *testing.T) {
	before := map[string]string{"old": "1", "gone": "2", "afile": "3", "dir/": "", "dir/x": "4"}
	tests := map[string]Change{
		"a directory is in the way": {Verb: Create, Path: "dir", New: []byte("x")},
		"a file is in the way":      {Verb: Create, Path: "afile/new", New: []byte("x")},
		"it leads outside":          {Verb: Create, Path: "../evil", New: []byte("x")},
		"it is absolute":            {Verb: Create, Path: "/tmp/evil", New: []byte("x")},
		"it is gone already":        {Verb: Remove, Path: "nowhere"},
	}
	for name, bad := range tests {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for path, text := range before {
				if path != "dir/" {
					files[path] = text
				}
			}
			dir, root := place(t, files)
			plan := Plan{Changes: []Change{
				{Verb: Create, Path: "a/b/new", New: []byte("new")},
				{Verb: Rewrite, Path: "old", Old: []byte("1"), New: []byte("one")},
				{Verb: Remove, Path: "gone", Old: []byte("2")},
				bad,
				{Verb: Create, Path: "later", New: []byte("later")},
			}}
			if err := plan.Apply(root); err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
				t.Errorf("not as before (-want +got)\n%s", diff)
			}
		})
	}
}
