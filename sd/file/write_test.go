package file

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kitgen/kitgen/sd"
)

func TestWriteAndReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b.json")
	set := []sd.Instance{
		{ID: "a/b «ü» <&>", Addr: "[2001:db8::7]:1", Weight: sd.MaxWeight, Zone: "z", Version: "v", Tags: []string{"", "t"}, Meta: map[string]string{"k": "\x01\n", "e": ""}, State: sd.Critical},
		{Addr: "b:1", State: sd.Draining},
		{Addr: "c:1", Weight: 1, State: sd.Warning},
	}
	for _, set := range [][]sd.Instance{set, nil, set[:1]} {
		if err := Write(path, set); err != nil {
			t.Fatal(err)
		}
		text, _, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		l, err := decode(text)
		got := l.set
		if diff := cmp.Diff(set, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	names(t, filepath.Dir(path), "a b.json")
}

func TestWriteKeepsPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	for _, mode := range []os.FileMode{0o644, 0o600} {
		if err := Write(path, nil); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != mode {
			t.Errorf("mode is %v, want %v: %v", info.Mode(), mode, err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteChangesNothingOnError(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "x.json")
	if err := Write(path, []sd.Instance{{Addr: "a:1"}}); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	for want, err := range map[string]error{
		"entry 1: invalid instance": Write(path, []sd.Instance{{}}),
		"it is a folder":            Write(folder, nil),
		"no such file":              Write(filepath.Join(folder, "none", "x.json"), nil),
		"not a directory":           Write(filepath.Join(path, "x.json"), nil),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "write file "+folder) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Errorf("the file has become %q", after)
	}
	names(t, folder, "x.json")
}

// TestReadersSeeWholeFiles: whoever reads while others write sees one of the
// files that were written, whole.
func TestReadersSeeWholeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	long := make([]sd.Instance, 0, 500)
	for n := range cap(long) {
		long = append(long, sd.Instance{ID: strings.Repeat("x", n+1), Addr: "a:1"})
	}
	if err := Write(path, long); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	defer writers.Wait()
	for w := range 2 {
		writers.Go(func() {
			for n := range 50 {
				if err := Write(path, long[:(n*(w+1)*7)%len(long)]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		text, _, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(text); err != nil {
			t.Fatal(err)
		}
	}
}

func names(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the folder holds (-want +got):\n%s", diff)
	}
}
