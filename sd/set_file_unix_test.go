//go:build unix

package sd

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSnapshotFileThatSomebodyElseCouldHavePut(t *testing.T) {
	for name, tt := range map[string]struct {
		put  func(path string) error
		want string
	}{
		"symbolic link": {func(path string) error { return os.Symlink("/dev/null", path) }, "symbolic link"},
		"pipe":          {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "no regular file"},
		"folder":        {func(path string) error { return os.Mkdir(path, 0o700) }, "no regular file"},
		"open to all": {func(path string) error {
			if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
				return err
			}
			return os.Chmod(path, 0o666)
		}, "others may write it"},
	} {
		t.Run(name, func(t *testing.T) {
			f := aFile(t)
			if err := tt.put(f.path); err != nil {
				t.Fatal(err)
			}
			if _, err := f.read(time.Now()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestSnapshotFileOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give a file away; CI runs as root")
	}
	f := aFile(t)
	if err := f.save(nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(f.path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := f.read(time.Now()); err == nil || !strings.Contains(err.Error(), "belongs to user 12345") {
		t.Errorf("got %v", err)
	}
}
