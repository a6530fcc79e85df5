package dev

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shop is a service that embeds files, and has packages of a workspace and of a
// module that is a directory.
func shop(t *testing.T) (dir string, f *fleet) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.work":                      "go 1.26\n\nuse ./shop\nuse ./money\n",
		"shop/go.mod":                  "module example.com/shop\n\ngo 1.26\n\nrequire example.com/words v0.0.0\n\nreplace example.com/words => ../words\n",
		"shop/cmd/shop/main.go":        "package main\n\nimport (\n\t_ \"embed\"\n\n\t_ \"example.com/money\"\n\t_ \"example.com/shop/pages\"\n\t_ \"example.com/words/hello\"\n)\n\n//go:embed banner.txt\nvar banner string\n\nfunc main() { print(banner) }\n",
		"shop/cmd/shop/banner.txt":     "x",
		"shop/pages/pages.go":          "package pages\n\nimport \"embed\"\n\n//go:embed all:static *.html parts/*/*.css\nvar FS embed.FS\n",
		"shop/pages/static/deep/x.css": "x",
		"shop/pages/static/.hidden":    "x",
		"shop/pages/index.html":        "x",
		"shop/pages/parts/a/a.css":     "x",
		"shop/unused/unused.go":        "package unused\n",
		"words/go.mod":                 "module example.com/words\n\ngo 1.26\n",
		"words/hello/hello.go":         "package hello\n",
		"words/other/other.go":         "package other\n",
		"money/go.mod":                 "module example.com/money\n\ngo 1.26\n",
		"money/money.go":               "package money\n",
	} {
		save(t, dir, name, text)
	}
	t.Setenv("GOWORK", "")
	t.Setenv("GOFLAGS", "")
	return dir, &fleet{service: &service{name: "shop", dir: filepath.Join(dir, "shop")}}
}

func TestAProgramIsMadeOfWhatTheGoCommandSays(t *testing.T) {
	dir, f := shop(t)
	made, err := f.sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	below := func(paths []string) (names []string) {
		for _, path := range paths {
			if rel, ok := strings.CutPrefix(path, dir+string(filepath.Separator)); ok {
				names = append(names, filepath.ToSlash(rel))
			}
		}
		return names
	}
	if diff := cmp.Diff([]string{"money", "shop/cmd/shop", "shop/pages", "words/hello"}, below(made.dirs)); diff != "" {
		t.Error(diff)
	}
	want := []string{
		"go.work", "money/go.mod", "shop/cmd/shop/banner.txt", "shop/go.mod", "shop/go.work", "shop/pages", "shop/pages/index.html",
		"shop/pages/parts", "shop/pages/parts/a", "shop/pages/parts/a/a.css",
		"shop/pages/static", "shop/pages/static/.hidden", "shop/pages/static/deep", "shop/pages/static/deep/x.css", "words/go.mod",
	}
	if diff := cmp.Diff(want, below(made.paths)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatDoesNotCompileIsLookedAtAllTheSame(t *testing.T) {
	dir, f := shop(t)
	save(t, dir, "shop/pages/pages.go", "package pages\n\nimport \"embed\"\n\n//go:embed missing.txt absent/*.html\nvar FS embed.FS\n\nfunc broken( {\n")
	made, err := f.sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	save(t, dir, "shop/pages/pages.go", "package pages\n\nimport \"embed\"\n\n//go:embed missing.txt absent/*.html\nvar FS embed.FS\n")
	again, err := f.sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(made.dirs, filepath.Join(dir, "shop", "pages")) {
		t.Errorf("a package with a syntax error is not among %v", made.dirs)
	}
	for _, name := range []string{"missing.txt", "absent"} {
		if path := filepath.Join(dir, "shop", "pages", name); !slices.Contains(again.paths, path) {
			t.Errorf("%s is not among %v", path, again.paths)
		}
	}
	save(t, dir, "shop/go.mod", "nonsense\n")
	if _, err := f.sources(t.Context()); err == nil {
		t.Error("a go.mod that cannot be read has sources")
	}
}

func TestASaveOfAnySourceIsSeen(t *testing.T) {
	dir, f := shop(t)
	made, err := f.sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"go.work", "words/hello/hello.go", "words/hello/new.go", "words/go.mod", "money/money.go", "shop/cmd/shop/banner.txt",
		"shop/pages/index.html", "shop/pages/new.html", "shop/pages/static/deep/x.css", "shop/pages/static/deep/new.css", "shop/pages/static/new/new.css",
	} {
		before := look([]string{f.dir}, made)
		save(t, dir, name, "package hello // "+strings.Repeat("longer ", 10))
		if after := look([]string{f.dir}, made); len(differing(before, after)) == 0 {
			t.Errorf("nobody sees a save of %s among %v", name, slices.Sorted(maps.Keys(after)))
		}
	}
	for _, name := range []string{"words/other/other.go", "words/hello/hello_test.go", "words/hello/notes.txt"} {
		before := look([]string{f.dir}, made)
		save(t, dir, name, "package other // longer")
		if diff := differing(before, look([]string{f.dir}, made)); len(diff) > 0 {
			t.Errorf("a save of %s is one of %v", name, diff)
		}
	}
}
