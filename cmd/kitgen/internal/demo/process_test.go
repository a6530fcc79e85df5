package demo

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

func TestFreePortsAreDifferentAndOutOfTheWay(t *testing.T) {
	addrs, err := freePorts(20)
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

func TestAProcessIsEndedAndItsLogKept(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("this machine has no sh to run")
	}
	var out strings.Builder
	p, err := launch(t.TempDir(), "talker", &out, sh, "-c", "echo to stdout; echo to the log >&2")
	if err != nil {
		t.Fatal(err)
	}
	<-p.done
	if p.err != nil || p.running() || out.String() != "to stdout\n" || p.tail() != "to the log\n" {
		t.Errorf("error %v, printed %q, logged %q", p.err, out.String(), p.tail())
	}
	p, err = launch(t.TempDir(), "sleeper", nil, sh, "-c", "exec sleep 1000")
	if err != nil {
		t.Fatal(err)
	}
	p.end()
	if _, ok := errors.AsType[*exec.ExitError](p.err); p.running() || !ok {
		t.Errorf("a process that was ended: running %v, error %v", p.running(), p.err)
	}
	p.end() // again is harmless
	if _, err := launch(t.TempDir(), "nobody", nil, "/no/such/program"); err == nil {
		t.Error("a program that is not there was started")
	}
}
