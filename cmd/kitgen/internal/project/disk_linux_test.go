package project

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiskFull writes to a disk of 64 kB with less and less room on it, in a
// process that may mount one: the plan is done whole, or not at all.
func TestDiskFull(t *testing.T) {
	if os.Getenv("KITGEN_TEST_DISK") != "" {
		fillDisk(t)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
	cmd.Env = append(os.Environ(), "KITGEN_TEST_DISK="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran || bytes.Contains(out, []byte("SKIP")) {
		t.Skipf("no disk can be mounted here: %v\n%s", err, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func fillDisk(t *testing.T) {
	dir := os.Getenv("KITGEN_TEST_DISK")
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip(err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var failed, done int
	for room := 0; room <= 48<<10; room += 2 << 10 {
		name := fmt.Sprint(room)
		if err := errors.Join(root.Mkdir(name, 0o755), root.WriteFile(name+"/old", []byte("1"), 0o644)); err != nil {
			t.Fatal(err)
		}
		sub, err := root.OpenRoot(name)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, root, room)
		big := strings.Repeat("x", 9<<10)
		err = apply(disk{sub}, []Change{
			{Verb: Create, Path: "a/new", New: []byte(big)},
			{Verb: Create, Path: "b/new", New: []byte(big)},
			{Verb: Rewrite, Path: "old", Old: []byte("1"), New: []byte(big)},
		})
		want := map[string]string{"old": "1"}
		switch {
		case err == nil:
			done++
			want = map[string]string{"old": big, "a/": "", "a/new": big, "b/": "", "b/new": big}
		case errors.Is(err, syscall.ENOSPC):
			failed++
		default:
			t.Errorf("%d bytes of room: %v", room, err)
		}
		if diff := cmp.Diff(want, tree(t, dir+"/"+name)); diff != "" {
			t.Errorf("%d bytes of room, %v (-want +got)\n%s", room, err, diff)
		}
		if err := errors.Join(sub.Close(), root.RemoveAll(name), root.Remove("full")); err != nil {
			t.Fatal(err)
		}
	}
	if failed == 0 || done == 0 {
		t.Errorf("the disk was full %d times, and had room %d times", failed, done)
	}
}

// fill leaves but so much room on the disk.
func fill(t *testing.T, root *os.Root, room int) {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(root.Name(), &disk); err != nil {
		t.Fatal(err)
	}
	free := int(disk.Bavail) * int(disk.Bsize)
	if err := root.WriteFile("full", make([]byte, max(0, free-room)), 0o644); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
