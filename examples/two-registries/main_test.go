package main

import (
	"context"
	"errors"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheMove goes through the README's steps, under load.
func TestTheMove(t *testing.T) {
	t.Parallel()
	etcd, consul := servers.Etcd(t, servers.Options{}), servers.Consul(t, servers.Options{})
	from, both, to := registries(t, "serve", etcd, consul)
	if a, b, c := registries(t, "call", etcd, consul); strings.Join(a, b[0]) != strings.Join(from, both[0]) || strings.Join(c, "") != strings.Join(to, "") {
		t.Fatal("the README's instances and clients are in different registries")
	}

	f := &fleet{}
	defer f.end(t)
	for range 3 {
		f.add(t, from)
	}
	var callers [2]caller
	for i := range callers {
		callers[i].restart(t, from, f)
		defer callers[i].begin()()
	}

	for i := range callers {
		callers[i].restart(t, both, f)
	}
	f.restart(t, both, callers[:])
	awaitListed(t, to[0], f)
	for i := range callers {
		callers[i].restart(t, to, f)
	}
	f.restart(t, to, callers[:])
	etcd.Kill()
	time.Sleep(200 * time.Millisecond) // for some more calls; how many does not matter

	for i := range callers {
		callers[i].end(t)
	}
}

// registries are those of the README's three commands of a kind, with the test's servers in them.
func registries(t *testing.T, verb string, etcd, consul *servers.Server) (from, both, to []string) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var sets [][]string
	for _, m := range regexp.MustCompile(`(?m)^\$ go run ./two-registries `+verb+` (.*)$`).FindAllStringSubmatch(string(text), -1) {
		var set []string
		for word := range strings.FieldsSeq(m[1]) {
			if word != "-registry" {
				set = append(set, strings.NewReplacer("127.0.0.1:2379", etcd.Endpoint(), "127.0.0.1:8500", consul.Endpoint()).Replace(word))
			}
		}
		sets = append(sets, set)
	}
	if len(sets) != 3 || len(sets[0]) != 1 || len(sets[1]) != 2 || len(sets[2]) != 1 {
		t.Fatalf("the README's commands to %s have the registries %q; want one, two and one", verb, sets)
	}
	return sets[0], sets[1], sets[2]
}

// fleet is the instances of the service.
type fleet struct {
	members []member
	ended   sync.WaitGroup

	mu   sync.Mutex // guards errs
	errs []error    // of instances that did not end well
}

type member struct {
	addr string
	stop context.CancelFunc
}

func (f *fleet) add(t *testing.T, registries []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.members = append(f.members, member{l.Addr().String(), cancel})
	f.ended.Go(func() {
		if err := serve(ctx, l, registries); err != nil {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.errs = append(f.errs, err)
		}
	})
}

// restart replaces one instance after the other, as a deployment does: the next
// one is there before the last one goes.
func (f *fleet) restart(t *testing.T, registries []string, callers []caller) {
	t.Helper()
	for range len(f.members) {
		f.add(t, registries)
		for i := range callers {
			callers[i].await(t, f)
		}
		f.members[0].stop() // takes three seconds, in which it goes on answering
		f.members = f.members[1:]
	}
}

func (f *fleet) end(t *testing.T) {
	t.Helper()
	for _, m := range f.members {
		m.stop()
	}
	f.ended.Wait()
	if err := errors.Join(f.errs...); err != nil {
		t.Errorf("an instance did not stop cleanly: %v", err)
	}
}

// in says whether everybody in the fleet can be called by those who know s.
func (f *fleet) in(s sd.Snapshot) bool {
	known := map[string]bool{}
	for _, in := range s.Instances {
		known[in.Addr] = in.State == sd.Up
	}
	for _, m := range f.members {
		if !known[m.addr] {
			return false
		}
	}
	return true
}

// caller is a process that calls the service, and may be restarted.
type caller struct {
	mu      sync.RWMutex // read-held by every call, so that a restart waits for it
	client  *client
	calls   int
	failure error // of the first call that failed
}

// restart gives the caller a new client, as a new process would have it: it is
// called through once it knows everybody.
func (c *caller) restart(t *testing.T, registries []string, f *fleet) {
	t.Helper()
	next, err := newClient(registries)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	old := c.client
	c.mu.Unlock()
	awaitAll(t, next.both, f)
	if err := next.pool.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.client = next
	c.mu.Unlock()
	if old != nil {
		if err := old.close(); err != nil {
			t.Error(err)
		}
	}
}

// begin calls until the function that it returns is called.
func (c *caller) begin() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-tick.C:
			case <-quit:
				return
			}
			c.mu.RLock()
			err := c.client.greet(context.Background())
			c.mu.RUnlock()
			c.mu.Lock()
			if c.calls++; err != nil && c.failure == nil {
				c.failure = err
			}
			c.mu.Unlock()
		}
	}()
	return func() {
		close(quit)
		<-done
		c.client.close()
	}
}

func (c *caller) await(t *testing.T, f *fleet) {
	t.Helper()
	c.mu.RLock()
	both := c.client.both
	c.mu.RUnlock()
	awaitAll(t, both, f)
}

func (c *caller) end(t *testing.T) {
	t.Helper()
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.failure != nil || c.calls == 0 {
		t.Errorf("%d calls; the first that failed: %v", c.calls, c.failure)
	}
}

// awaitListed waits until a registry by itself lists the fleet.
func awaitListed(t *testing.T, registry string, f *fleet) {
	t.Helper()
	instances, err := sd.Open(registry, sd.InstancerConfig{}, schemes()...)
	if err != nil {
		t.Fatal(err)
	}
	defer instances.Stop()
	awaitAll(t, instances, f)
}

func awaitAll(t *testing.T, instances *sd.Instancer, f *fleet) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		s, newer := instances.Snapshot()
		if f.in(s) {
			return
		}
		select {
		case <-newer:
		case <-timeout:
			t.Fatalf("within a minute not all of %v were known:\n%s", f.members, instances.Explain())
		}
	}
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"want serve or call":     {},
		"want serve or call,":    {"dance"},
		"-registry is missing":   {"call"},
		"no registry is called":  {"call", "-registry", "zookeeper://127.0.0.1:2181/greeter"},
		"names no service":       {"serve", "-registry", "etcd://127.0.0.1:2379/greeter", "-registry", "etcd://127.0.0.1:2379"},
		"-listen":                {"serve", "-registry", "etcd://127.0.0.1:2379/greeter", "-listen", "nowhere"},
		"flag provided but not ": {"serve", "-etcd", "x"},
	} {
		if err := run(t.Context(), args, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v; want %q", args, err, want)
		}
	}
}

// TestCommandsRun starts one of each, the way main does.
func TestCommandsRun(t *testing.T) {
	t.Parallel()
	registry := "etcd://" + servers.Etcd(t, servers.Options{}).Endpoint() + "/greeter"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served, called := make(chan error, 1), make(chan error, 1)
	go func() { served <- run(ctx, []string{"serve", "-registry", registry}, nil) }()
	r, w := net.Pipe()
	go func() {
		called <- run(ctx, []string{"call", "-registry", registry}, w)
		w.Close()
	}()
	line := make([]byte, 256)
	n, err := r.Read(line)
	r.Close()
	if !strings.HasPrefix(string(line[:n]), "instances=1 ") || !strings.Contains(string(line[:n]), " failed=0") {
		t.Errorf("it printed %q, %v", line[:n], err)
	}
	cancel()
	if err := errors.Join(<-called, <-served); err != nil {
		t.Error(err)
	}
}
