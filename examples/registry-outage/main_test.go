package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/internal/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestNobodyNoticesAnOutage types the README's commands, breaks the registry in
// every way, and wants no call to fail.
func TestNobodyNoticesAnOutage(t *testing.T) {
	t.Parallel()
	for name, registry := range map[string]struct {
		start   func(testing.TB, servers.Options) *servers.Server
		port    string // in the README
		noticed string // parameters by which a frozen registry is noticed soon
	}{
		"etcd":   {servers.Etcd, "127.0.0.1:2379", ""},
		"consul": {servers.Consul, "127.0.0.1:8500", "?wait=1s&timeout=2s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := registry.start(t, servers.Options{})
			snapshot := filepath.Join(t.TempDir(), "demo.json")
			args := readme(t, name)
			for i := range args {
				args[i] = strings.NewReplacer(registry.port+"/demo", server.Endpoint()+"/demo"+registry.noticed, "demo.json", snapshot).Replace(args[i])
			}
			addrs := freeAddrs(t, 3)
			args = append(args, "-every", "50ms", "-listen", strings.Join(addrs, ","))

			p := start(t, args)
			p.await(t, "source=fresh age=0s instances=3 held=0")
			awaitSaved(t, snapshot, addrs)
			server.Kill()
			p.await(t, "source=stale age=[1-9]+m?[0-9]*s instances=3 held=0")
			server.Start()
			p.await(t, "source=fresh age=0s instances=3 held=0")
			server.Wipe()
			p.await(t, "source=stale age=[1-9]+m?[0-9]*s instances=3 held=0")
			server.Start()
			p.await(t, "source=fresh age=0s instances=3 held=0")
			server.Freeze()
			p.await(t, "source=stale age=[1-9]+m?[0-9]*s instances=3 held=0")
			server.Thaw()
			p.await(t, "source=fresh age=0s instances=3 held=0")
			p.end(t)
			if n := len(regexp.MustCompile(`(?m)^in +demo-`).FindAllString(p.said(), -1)); n != 3 {
				t.Errorf("it explained %d instances, want 3:\n%s", n, p.said())
			}

			server.Wipe()
			p = start(t, args)
			p.await(t, "source=restored age=")
			server.Start()
			p.await(t, "source=fresh age=0s instances=3 held=0")
			p.end(t)
		})
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"registry": {"-registry", "zookeeper://127.0.0.1:2181/demo"},
		"every":    {"-every", "0s"},
		"listen":   {"-registry", "etcd://127.0.0.1:1/demo", "-listen", "nowhere"},
	} {
		if err := run(t.Context(), args, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), args[len(args)-1]) && !strings.Contains(err.Error(), "zookeeper") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// readme is the arguments of its command for a registry.
func readme(t *testing.T, scheme string) []string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^\$ go run ./registry-outage (.*` + scheme + `://.*)$`).FindStringSubmatch(string(text))
	if m == nil {
		t.Fatalf("the README has no command for %s", scheme)
	}
	return strings.Fields(m[1])
}

// program is a run of the command and what it has printed.
type program struct {
	stop  context.CancelFunc
	ended chan error

	mu  sync.Mutex // guards out
	out strings.Builder
}

func start(t *testing.T, args []string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{stop: cancel, ended: make(chan error, 1)}
	go func() { p.ended <- run(ctx, args, p) }()
	t.Cleanup(cancel)
	return p
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// await waits for a line that is printed from now on; want is a regular expression.
func (p *program) await(t *testing.T, want string) {
	t.Helper()
	from, line := len(p.said()), regexp.MustCompile(want)
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(10 * time.Millisecond) {
		if line.MatchString(p.said()[from:]) {
			return
		}
		select {
		case err := <-p.ended:
			t.Fatalf("it ended: %v\n%s", err, p.said())
		default:
		}
	}
	lines := strings.Split(p.said(), "\n")
	t.Fatalf("within a minute it did not print %q, but\n%s", want, strings.Join(lines[max(0, len(lines)-5):], "\n"))
}

// end stops it, and wants that no call has failed and that it ended well.
func (p *program) end(t *testing.T) {
	t.Helper()
	p.stop()
	if err := <-p.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	lines := slices.DeleteFunc(strings.Split(p.said(), "\n"), func(l string) bool { return !strings.HasPrefix(l, "source=") })
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " failed=0") || strings.Contains(last, "calls=0 ") {
		t.Errorf("at last it said %q", last)
	}
}

// awaitSaved waits until the snapshot has all instances.
func awaitSaved(t *testing.T, file string, addrs []string) {
	t.Helper()
	var saved []byte
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(10 * time.Millisecond) {
		saved, _ = os.ReadFile(file)
		if !slices.ContainsFunc(addrs, func(addr string) bool { return !strings.Contains(string(saved), addr) }) {
			return
		}
	}
	t.Fatalf("within a minute the snapshot did not get all of %v:\n%s", addrs, saved)
}

// freeAddrs are below the ports that kernels give to outgoing connections, so
// that they are still free at a second start.
func freeAddrs(t *testing.T, n int) (addrs []string) {
	t.Helper()
	for len(addrs) < n {
		addr := fmt.Sprintf("127.0.0.1:%d", 18000+rand.IntN(14000))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		defer l.Close()
		addrs = append(addrs, addr)
	}
	return addrs
}
