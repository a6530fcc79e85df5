package spec

import (
	"os"
	"testing"
)

// TestUnreadable has a file that is a link to nothing.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("nowhere", dir+"/a.go"); err != nil {
		t.Skip(err)
	}
	_, err := LoadFS(os.DirFS(dir), Options{Module: "a"})
	want := "KG010: a.go: no such file or directory: make it a file that can be read, or move it away"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
