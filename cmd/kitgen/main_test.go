package main_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
)

// kitgen builds the command once for all tests of this package.
var kitgen = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kitgen-test-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "kitgen")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	if err != nil {
		os.Stderr.Write(out)
	}
	return bin, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := kitgen(); err == nil {
		os.RemoveAll(filepath.Dir(bin))
	}
	os.Exit(code)
}

// run runs a command outside of this repository's workspace and returns what
// it printed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// newGreeter generates greeter, with a service that takes its time for one
// name, and returns its binary.
func newGreeter(t *testing.T) string {
	t.Helper()
	bin, err := kitgen()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run(t, dir, bin, "new", "service", "greeter")
	service := filepath.Join(dir, "greeter")
	const slow = `package greeter

import (
	"context"
	"time"
)

// New returns the service.
func New() Service { return service{} }

type service struct{}

func (service) Greet(_ context.Context, name string) (string, error) {
	if name == "slow" {
		time.Sleep(time.Second)
	}
	return "Hello, " + name + "!", nil
}
`
	if err := os.WriteFile(filepath.Join(service, "service.go"), []byte(slow), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, service, "go", "build", "-o", "greeter.bin", "./cmd/greeter")
	return filepath.Join(service, "greeter.bin")
}

// process is a running greeter.
type process struct {
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan error
}

func start(t *testing.T, bin string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(bin, args...), log: &lockedBuffer{}, done: make(chan error, 1)}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// awaitLog waits until the process has logged text.
func (p *process) awaitLog(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(p.log.String(), text) {
			return
		}
	}
	t.Fatalf("the service never logged %q; its log:\n%s", text, p.log)
}

// terminate asks the process to stop; wait tells how it ended.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

func (p *process) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-p.done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatalf("the service did not stop; its log:\n%s", p.log)
		return nil
	}
}

type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestTheTourLosesNoCall(t *testing.T) {
	bin, err := kitgen()
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, t.TempDir(), bin, "demo", "--duration", "10s", "--rps", "200", "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, `"failed":0,`) || !strings.Contains(last, `"calls":2000,`) {
		t.Errorf("the last line should be JSON and say that none of 2000 calls failed:\n%s", out)
	}
}

func TestAServiceWaitsForItsRegistryWhileItServes(t *testing.T) {
	bin := newGreeter(t)
	etcd := servers.Etcd(t, servers.Options{})
	etcd.Stop()
	p := start(t, bin, "-http-addr", "127.0.0.1:0", "-grpc-addr", "127.0.0.1:0", "-advertise", "127.0.0.1", "-registry", "etcd://"+etcd.Endpoint()+"/greeter")
	p.awaitLog(t, "not registered yet")
	if got := greetHTTP(t, p.addr(t, "http"), "Ada"); got != "Hello, Ada!" {
		t.Errorf("without a registry it answers %q", got)
	}
	etcd.Start()
	p.awaitLog(t, "msg=registered")
}

func TestAPortInUseIsNamedWithItsFlag(t *testing.T) {
	bin := newGreeter(t)
	p := start(t, bin, "-http-addr", "127.0.0.1:0", "-grpc-addr", "127.0.0.1:0", "-registry", "none")
	taken := p.addr(t, "http")
	second := start(t, bin, "-http-addr", taken, "-grpc-addr", "127.0.0.1:0", "-registry", "none")
	if err := second.wait(t); err == nil {
		t.Fatal("a service whose port is taken ended well")
	}
	for _, want := range []string{"-http-addr " + taken, "already in use", "pass another"} {
		if !strings.Contains(second.log.String(), want) {
			t.Errorf("the error does not say %q:\n%s", want, second.log)
		}
	}
}

func contextFor(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
