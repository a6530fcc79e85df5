//go:build unix

package project

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMain is also the process that TestKilled kills.
func TestMain(m *testing.M) {
	at, err := strconv.Atoi(os.Getenv("KITGEN_TEST_KILL"))
	if err != nil {
		os.Exit(m.Run())
	}
	root, err := os.OpenRoot(".")
	if err != nil {
		panic(err)
	}
	n := 0
	err = apply(newFaulty(root, func(operation) error {
		if n++; n == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}), faultsPlan())
	if err != nil {
		panic(err)
	}
}

// TestKilled kills a process before each of its operations. The next one must
// find the tree as it was before, or as it is after.
func TestKilled(t *testing.T) {
	for at := 1; ; at++ {
		dir, root := faultsPlace(t)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "KITGEN_TEST_KILL="+strconv.Itoa(at))
		err := cmd.Run()
		exit, killed := errors.AsType[*exec.ExitError](err)
		if err != nil && (!killed || exit.Exited()) {
			t.Fatalf("operation %d: %v", at, err)
		}
		if _, err := Recover(root); err != nil {
			t.Fatalf("operation %d: %v", at, err)
		}
		got := tree(t, dir)
		if diff := cmp.Diff(faultsAfter, got); diff == "" {
			if err == nil {
				return
			}
			continue
		}
		if diff := cmp.Diff(faultsBefore, got); diff != "" {
			t.Fatalf("killed before operation %d (-before +got)\n%s", at, diff)
		}
	}
}

// TestAnotherIsWriting finds the journal of a process that lives.
func TestAnotherIsWriting(t *testing.T) {
	_, root := place(t, map[string]string{ownerPath: fmt.Sprintln(os.Getppid(), boot()), "old": "1"})
	_, err := Recover(root)
	if !refused(err) {
		t.Errorf("recover: %v", err)
	}
	err = (&Plan{Changes: []Change{{Verb: Rewrite, Path: "old", Old: []byte("1"), New: []byte("2")}}}).Apply(root)
	if !refused(err) {
		t.Errorf("apply: %v", err)
	}
	if got, err := root.ReadFile("old"); string(got) != "1" {
		t.Errorf("old is %q, %v", got, err)
	}
}

// TestAnotherBoot finds the journal of a process from before a power failure,
// whose number another one has now.
func TestAnotherBoot(t *testing.T) {
	if boot() == "" {
		t.Skip("nothing tells here when the machine was started")
	}
	dir, root := place(t, map[string]string{ownerPath: fmt.Sprintln(os.Getppid(), "another"), "old": "1"})
	if _, err := Recover(root); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"old": "1"}, tree(t, dir)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
