package fromproto

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is now into the golden files")

// input is a file of testdata, whose imports are beside it.
func input(t *testing.T, name, pkg string) Input {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return Input{File: name, Text: text, Package: pkg, Open: func(path string) ([]byte, error) {
		return os.ReadFile(filepath.Join("testdata", filepath.FromSlash(path)))
	}}
}

func golden(t *testing.T, file string, text []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("%s -want +got\n%s", file, diff)
	}
}

func TestRead(t *testing.T) {
	for _, name := range []string{"directory", "odd", "streams"} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(input(t, name+".proto", "people"))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".go.golden", got.Source)
			golden(t, "testdata/"+name+".lock.golden", got.Lock)
			golden(t, "testdata/"+name+".warnings.golden", []byte(got.Warnings.Error()))
		})
	}
}
