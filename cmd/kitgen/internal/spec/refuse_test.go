package spec

import (
	"flag"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"os"
)

var update = flag.Bool("update", false, "write what is now into the golden files")

// TestRefuse loads the packages of testdata/refuse. Each directory in an
// archive is one package; its file "want" is the whole error.
func TestRefuse(t *testing.T) {
	archives, err := filepath.Glob("testdata/refuse/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("archives: %v, %v", archives, err)
	}
	for _, file := range archives {
		topic := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(topic, func(t *testing.T) { refuseAll(t, file) })
	}
}

func refuseAll(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range archive.Files {
		name, ok := strings.CutSuffix(f.Name, "/want")
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			svc, err := LoadFS(packageIn(archive, name), Options{})
			if err == nil {
				t.Fatalf("accepted as %+v", svc)
			}
			if _, ok := err.(Problems); !ok {
				t.Fatalf("not Problems: %v", err)
			}
			got := err.Error() + "\n"
			if *update {
				archive.Files[i].Data = []byte(got)
				return
			}
			if diff := cmp.Diff(string(f.Data), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func packageIn(archive *txtar.Archive, name string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for _, f := range archive.Files {
		if base, ok := strings.CutPrefix(f.Name, name+"/"); ok && strings.HasSuffix(base, ".go") {
			fsys[base] = &fstest.MapFile{Data: f.Data}
		}
	}
	return fsys
}

// Every code that a problem can have is met by one of the refused packages or
// names, so that no message goes unread.
func TestRefusalsCoverCodes(t *testing.T) {
	met := map[string]bool{"KG001": true, "KG004": true, "KG005": true, "KG006": true, "KG002": true, "KG003": true, "KG003b": true, "KG007": true} // checkname_test.go
	met["KG010"] = true                                                                                                                             // unreadable_test.go
	for _, file := range append(must(filepath.Glob("testdata/refuse/*.txtar"))(t), "testdata/foreign/refuse.txtar") {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, "want") {
				for _, code := range codePattern.FindAllString(string(f.Data), -1) {
					met[code] = true
				}
			}
		}
	}
	for _, file := range must(filepath.Glob("*.go"))(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codePattern.FindAllString(string(text), -1) {
			if !met[m] && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s: no test is refused with %s; met: %v", file, m, slices.Sorted(maps.Keys(met)))
			}
		}
	}
}
