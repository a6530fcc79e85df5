package project

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// faulty is a directory where things go wrong.
type faulty struct {
	disk

	mu     *sync.Mutex
	before func(op operation) error // called before each operation that writes
}

// operation is what is about to be done.
type operation struct{ verb, name, to, text string }

func newFaulty(root *os.Root, before func(op operation) error) *faulty {
	return &faulty{disk{root}, new(sync.Mutex), before}
}

// try does an operation unless it is to fail.
func (f *faulty) try(op operation, do func() error) error {
	f.mu.Lock()
	err := f.before(op)
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return do()
}

func (f *faulty) WriteFile(name string, data []byte, perm fs.FileMode) error {
	err := f.try(operation{verb: "write", name: name, text: string(data)}, func() error { return nil })
	if err != nil {
		_ = f.disk.WriteFile(name, data[:len(data)/2], perm) // as a full disk does
		return err
	}
	return f.disk.WriteFile(name, data, perm)
}

func (f *faulty) Chmod(name string, mode fs.FileMode) error {
	return f.try(operation{verb: "chmod", name: name}, func() error { return f.disk.Chmod(name, mode) })
}

func (f *faulty) Mkdir(name string, perm fs.FileMode) error {
	return f.try(operation{verb: "mkdir", name: name}, func() error { return f.disk.Mkdir(name, perm) })
}

func (f *faulty) Link(from, to string) error {
	return f.try(operation{verb: "link", name: from, to: to}, func() error { return f.disk.Link(from, to) })
}

func (f *faulty) Rename(from, to string) error {
	return f.try(operation{verb: "rename", name: from, to: to}, func() error { return f.disk.Rename(from, to) })
}

func (f *faulty) Remove(name string) error {
	return f.try(operation{verb: "remove", name: name}, func() error { return f.disk.Remove(name) })
}

func (f *faulty) RemoveAll(name string) error {
	return f.try(operation{verb: "removeall", name: name}, func() error { return f.disk.RemoveAll(name) })
}

func (f *faulty) Sync(name string) error {
	return f.try(operation{verb: "sync", name: name}, func() error { return nil }) // a busy disk would take minutes
}

// A plan that does one of everything, and the tree before and after it.
var (
	faultsBefore = map[string]string{"old": "1", "gone": "2", "dir/": "", "dir/same": "3", "dir/inside": "4"}
	faultsAfter  = map[string]string{"old": "one", "dir/": "", "dir/same": "3", "dir/inside": "four", "a/": "", "a/b/": "", "a/b/new": "new", "a/new": "too"}
)

func faultsPlan() []Change {
	return []Change{
		{Verb: Create, Path: "a/b/new", New: []byte("new")},
		{Verb: Create, Path: "a/new", New: []byte("too")},
		{Verb: Insert, Path: "dir/inside", Old: []byte("4"), New: []byte("four")},
		{Verb: Identical, Path: "dir/same", Old: []byte("3"), New: []byte("3")},
		{Verb: Remove, Path: "gone", Old: []byte("2")},
		{Verb: Rewrite, Path: "old", Old: []byte("1"), New: []byte("one")},
	}
}

// faultsPlace is a directory with the tree before.
func faultsPlace(t *testing.T) (dir string, root *os.Root) {
	t.Helper()
	files := map[string]string{}
	for name, text := range faultsBefore {
		if !strings.HasSuffix(name, "/") {
			files[name] = text
		}
	}
	return place(t, files)
}

// TestFaults has each operation fail in turn, and then everything that needs
// room, or everything. What fails must leave the tree as it was, at once where
// it can still write, and else as soon as the next run can.
func TestFaults(t *testing.T) {
	kinds := []struct {
		name    string
		fails   func(n, at int, op string) bool
		recover bool // it takes another run
	}{
		{"one fails", func(n, at int, _ string) bool { return n == at }, true},
		{"the disk is full", func(n, at int, op string) bool {
			return n >= at && (op == "write" || op == "mkdir" || op == "link")
		}, false},
		{"the disk is gone", func(n, at int, _ string) bool { return n >= at }, true},
		{"there are no links", func(n, at int, op string) bool { return op == "link" || n == at }, true},
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			for at := 1; ; at++ {
				dir, root := faultsPlace(t)
				n, failed := 0, false
				err := apply(newFaulty(root, func(op operation) error {
					n++
					if !k.fails(n, at, op.verb) {
						return nil
					}
					failed = failed || op.verb != "link"
					return &fs.PathError{Op: op.verb, Path: "x", Err: syscall.ENOSPC}
				}), faultsPlan())
				want := faultsBefore
				if err == nil {
					want = faultsAfter
				}
				if err != nil && !errors.Is(err, ErrHalfWritten) {
					got := tree(t, dir)
					maps.DeleteFunc(got, func(name, _ string) bool { return strings.HasPrefix(name, pendingDir) })
					if diff := cmp.Diff(faultsBefore, got); diff != "" {
						t.Fatalf("operation %d, %v, which does not say that files were left (-want +got)\n%s", at, err, diff)
					}
				}
				if err != nil && k.recover || err == nil && failed {
					if _, err := Recover(root); err != nil {
						t.Fatalf("operation %d: recover: %v", at, err)
					}
				}
				if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
					t.Fatalf("operation %d, %v (-want +got)\n%s", at, err, diff)
				}
				if n < at {
					if at < 20 {
						t.Errorf("there were but %d operations", at)
					}
					return
				}
			}
		})
	}
}

// TestRecoverIsInterrupted undoes in as many runs as there are operations.
func TestRecoverIsInterrupted(t *testing.T) {
	for at := 1; ; at++ {
		dir, root := faultsPlace(t)
		n := 0
		gone := func(operation) error { n++; return fs.ErrInvalid }
		err := apply(newFaulty(root, func(op operation) error {
			if n++; n > at {
				return gone(op)
			}
			return nil
		}), faultsPlan())
		if err == nil {
			return
		}
		for left := 0; ; left++ {
			n = 0
			_, err := restore(newFaulty(root, func(op operation) error {
				if n++; n > left {
					return fs.ErrInvalid
				}
				return nil
			}))
			if err == nil {
				break
			}
		}
		if _, err := Recover(root); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(faultsBefore, tree(t, dir)); diff != "" {
			t.Fatalf("operation %d (-want +got)\n%s", at, diff)
		}
	}
}

// TestChangedMeanwhile has somebody save a file between the plan and its turn.
func TestChangedMeanwhile(t *testing.T) {
	for _, victim := range []string{"old", "gone", "dir/inside", "a/b/new"} {
		dir, root := faultsPlace(t)
		saved := false
		err := apply(newFaulty(root, func(op operation) error {
			if op.verb == "mkdir" && op.name != pendingDir && !saved {
				saved = true
				if err := root.MkdirAll("a/b", 0o755); err != nil {
					return err
				}
				return root.WriteFile(victim, []byte("mine"), 0o644)
			}
			return nil
		}), faultsPlan())
		if !refused(err) || !strings.HasSuffix(err.Error(), victim+": somebody changed it meanwhile; run it again") {
			t.Errorf("%s: %v", victim, err)
		}
		if got := tree(t, dir)[victim]; got != "mine" {
			t.Errorf("%s is %q, want what was saved", victim, got)
		}
	}
}

// TestRecoverKeepsWork edits files after a kill: that is newer than the undoing.
func TestRecoverKeepsWork(t *testing.T) {
	dir, root := faultsPlace(t)
	gone := false
	err := apply(newFaulty(root, func(op operation) error {
		if gone = gone || op.verb == "remove" && op.name == journalPath; gone {
			return fs.ErrInvalid
		}
		return nil
	}), faultsPlan())
	if err == nil || tree(t, dir)["old"] != "one" {
		t.Fatalf("%v, %v", err, tree(t, dir))
	}
	for _, name := range []string{"old", "a/new"} {
		if err := root.WriteFile(name, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if undone, err := Recover(root); err != nil || !undone {
		t.Fatal(undone, err)
	}
	want := map[string]string{"old": "mine", "a/": "", "a/new": "mine", "gone": "2", "dir/": "", "dir/same": "3", "dir/inside": "4"}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestTargets are files that a rename would replace without asking.
func TestTargets(t *testing.T) {
	dir, root := faultsPlace(t)
	for name, err := range map[string]error{
		"link":      os.Symlink("old", dir+"/link"),
		"read-only": os.WriteFile(dir+"/read-only", nil, 0o444),
		"out":       os.Symlink("..", dir+"/out"),
		"inside":    os.Symlink("dir", dir+"/inside"),
	} {
		if err != nil {
			t.Fatal(name, err)
		}
	}
	var changes []Change
	for _, name := range []string{"dir", "link", "old/new", "out/new", "read-only"} {
		changes = append(changes, Change{Verb: Rewrite, Path: name, New: []byte("x")})
	}
	err := (&Plan{Changes: changes}).Apply(root)
	want := `KG010: dir: is no file; move it away
KG010: link: is a symbolic link, and would be replaced by a file; put the file itself there
KG010: old/new: statat old/new: not a directory; kitgen writes into the service's directory and what is in it, nothing else
KG010: out/new: statat out/new: path escapes from parent; kitgen writes into the service's directory and what is in it, nothing else
KG010: read-only: is read-only; make it writable, as with chmod u+w`
	if !refused(err) || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	err = (&Plan{Changes: []Change{{Verb: Rewrite, Path: "inside/same", Old: []byte("3"), New: []byte("x")}}}).Apply(root)
	text, readErr := os.ReadFile(dir + "/dir/same")
	if err != nil || string(text) != "x" {
		t.Errorf("through a link to a directory inside: %v, %v", err, readErr)
	}
}
