package child_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFreePortsAreDifferentAndOutOfTheWay(t *testing.T) {
	addrs, err := child.FreePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, a := range addrs {
		if seen[a] || !strings.HasPrefix(a, "127.0.0.1:") {
			t.Errorf("address %s of %v", a, addrs)
		}
		seen[a] = true
	}
}

func TestAProcessIsEnded(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("this machine has no sh to run")
	}
	var out, log strings.Builder
	p, err := child.Start(child.Config{Args: []string{sh, "-c", "echo to stdout $ANSWER; echo to the log >&2"}, Env: []string{"ANSWER=42"}, Stdout: &out, Stderr: &log})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Err(); err != nil || p.Running() || out.String() != "to stdout 42\n" || log.String() != "to the log\n" {
		t.Errorf("error %v, printed %q, logged %q", err, out.String(), log.String())
	}
	p, err = child.Start(child.Config{Args: []string{sh, "-c", "exec sleep 1000"}})
	if err != nil {
		t.Fatal(err)
	}
	if child.CanFreeze {
		if err := p.Signal(child.Freeze); err != nil {
			t.Error(err)
		}
	}
	p.Kill()
	if _, ok := errors.AsType[*exec.ExitError](p.Err()); p.Running() || !ok {
		t.Errorf("a process that was ended: running %v, error %v", p.Running(), p.Err())
	}
	p.Kill() // again is harmless
	if _, err := child.Start(child.Config{Args: []string{"/no/such/program"}}); err == nil {
		t.Error("a program that is not there was started")
	}
}
