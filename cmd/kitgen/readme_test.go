package main_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// The README's sessions, typed one after the other into one shell. A line
// without a $ is what the command before it must print.
func TestTheReadmesSessionsWorkAsTyped(t *testing.T) {
	for _, port := range []string{"8080", "8081"} {
		l, err := net.Listen("tcp", ":"+port)
		if err != nil {
			t.Skipf("the README's service listens on port %s, which is taken on this machine: %v", port, err)
		}
		l.Close()
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	script, want := session(t, string(readme))
	bin := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "PATH="+bin+":"+os.Getenv("PATH"), "TMPDIR="+t.TempDir())
	cmd.Stdin = strings.NewReader(script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait() // the script ends the service that it started, and waits for it
	if err != nil {
		t.Errorf("the session failed: %v", err)
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	for _, line := range want {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the session did not print %q", line)
		}
	}
	if t.Failed() {
		t.Logf("the session:\n%s\nit printed:\n%s", script, out.String())
	}
}

// session makes one shell script of all console blocks. The service runs in
// the background from where a reader would open a second terminal.
func session(t *testing.T, readme string) (script string, want []string) {
	t.Helper()
	var b strings.Builder
	for _, m := range consoleBlock.FindAllStringSubmatch(readme, -1) {
		for line := range strings.Lines(m[1]) {
			line = strings.TrimSpace(line)
			command, ok := strings.CutPrefix(line, "$ ")
			switch {
			case !ok && line != "":
				want = append(want, line)
			case strings.HasPrefix(command, "go run "):
				b.WriteString(strings.Replace(command, "go run", "go build -o service.bin", 1) + "\n")
				b.WriteString("./service.bin >service.log 2>&1 </dev/null &\n")
				b.WriteString("for i in $(seq 300); do curl -sf localhost:8080/readyz >/dev/null && break; sleep 0.1; done\n")
			default:
				b.WriteString(command + "\n")
			}
		}
	}
	if len(want) == 0 || !strings.Contains(b.String(), "service.bin") {
		t.Fatal("the README has no session with a service and its answer; this test looks for the wrong thing")
	}
	return b.String() + "kill %1\nwait %1\n", want
}
