//go:build unix

package file

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kitgen/kitgen/sd"
)

// TestNoRegularFile: a FIFO would make whoever opens it wait for a writer, and
// a device never ends.
func TestNoRegularFile(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, "/dev/zero", "/dev/null"} {
		if _, err := look(path); err == nil || !strings.Contains(err.Error(), "it is no regular file") {
			t.Errorf("%s: a look says %v", path, err)
		}
		if _, _, err := read(path); err == nil || !strings.Contains(err.Error(), "it is no regular file") {
			t.Errorf("%s: reading says %v", path, err)
		}
	}
	if err := Write(fifo, []sd.Instance{{Addr: "a:1"}}); err == nil || !strings.Contains(err.Error(), "it is no regular file") {
		t.Errorf("writing says %v", err)
	}
}
