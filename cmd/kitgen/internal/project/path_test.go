package project

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

func TestCleanPath(t *testing.T) {
	for name, want := range map[string]string{
		"http_gen.go":           "http_gen.go",
		"./tmpl/http.tmpl":      "tmpl/http.tmpl",
		`tmpl\http.tmpl`:        "tmpl/http.tmpl",
		`.\cmd\greeter\main.go`: "cmd/greeter/main.go",
		"a/../b":                "b",
		"":                      "",
		".":                     "",
		"a/..":                  "",
		"../evil":               "",
		`..\evil`:               "",
		`a\..\..\evil`:          "",
		"/etc/passwd":           "",
		`\windows`:              "",
		`\\server\share\file`:   "",
		`C:\evil`:               "",
		"C:evil":                "",
		"file.go:stream":        "",
	} {
		got, err := CleanPath(name)
		if got != want || (err != nil) != (want == "") || err != nil && !refused(err) {
			t.Errorf("%q: %q, %v, want %q", name, got, err, want)
		}
	}
}

// TestCheckoutOnWindows has Git end every line as Windows does: nobody edited
// anything, and there is nothing to do.
func TestCheckoutOnWindows(t *testing.T) {
	dir, _, files := born(t)
	for _, f := range dir {
		f.Data = bytes.ReplaceAll(f.Data, []byte("\n"), []byte("\r\n"))
	}
	old, err := ReadManifest(dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	files[1].Parts = []render.Part{part("Old", "func (s *service) Old() {}\n")}
	next := Manifest{Service: "x", Transports: []string{"http"}, Methods: []string{"Old"}}
	plan, err := Update(dir, old, next, files, Options{})
	if err != nil || !plan.UpToDate() || plan.Edited != nil {
		t.Fatalf("%v, %v", verbs(plan), err)
	}
	files[1].Text = []byte(strings.ReplaceAll(string(files[1].Text), "type service", "// It is new.\ntype service"))
	plan, err = Update(dir, old, next, files, Options{Upgrade: true})
	if err != nil || verbs(plan)["service.go"] != Merge || plan.Conflicts != nil {
		t.Fatalf("upgrade: %v, %v, %v", verbs(plan), plan.Conflicts, err)
	}
	for _, c := range plan.Changes {
		if want := "package x\r\n\r\n// It is new.\r\ntype service struct{}\r\n\r\nfunc (s *service) Old() {}\r\n"; c.Path == "service.go" && string(c.New) != want {
			t.Errorf("%q, want %q", c.New, want)
		}
	}
}

// TestPlacesOnAnySystem has the paths that the manifest, the archive and the
// plan are made of never name a place with the separator of the system.
func TestPlacesOnAnySystem(t *testing.T) {
	plan, err := New(Manifest{Service: "x", Transports: []string{"http"}}, []render.File{
		file("x.go", render.Interface, "package x\n"),
		file("cmd/x/main.go", render.Seeded, "package main\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes {
		if clean, err := CleanPath(c.Path); err != nil || clean != c.Path || strings.Contains(string(c.New), `\\`) {
			t.Errorf("%s: %q, %v", c.Path, c.New, err)
		}
	}
}
