package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/transport"
)

// stop is a way that a service is stopped, and how that has to end.
type stop struct {
	registry func(*testing.T) *servers.Process // etcd, shared, if nil
	args     []string
	early    string                   // what it does when the first signal comes, if it is not registered yet
	before   func(*testing.T, *trial) // what is going on when the first signal comes
	second   syscall.Signal           // comes once it drains; none if zero
	after    func(*testing.T, *trial) // what has to have come of it
	code     int                      // that it exits with
	says     map[string]string        // how the steps of the timeline begin what they say; one of several, after a |
	never    []string                 // steps that do not happen
}

// stops is the matrix. Times are short where they pass, and far longer than the
// test where they must not.
func stops() map[string]stop {
	seen := map[string]string{"propagation": "removal seen, and no new call for 1s", "stopping": "terminated signal received", "stopped": "exit code 0"}
	return map[string]stop{
		"etcd":   {args: []string{"-propagation=1h", "-drain=1h"}, says: seen, never: []string{"forced"}},
		"consul": {registry: newConsul, args: []string{"-propagation=1h", "-drain=1h"}, says: seen, never: []string{"forced"}},
		"registry frozen": {
			registry: newEtcd,
			args:     []string{"-propagation=300ms", "-drain=1h"},
			before:   func(t *testing.T, tr *trial) { check(t, tr.registry.Freeze()) },
			says: map[string]string{
				"deregistration": "not done after 2s; going on|leave: ", // etcd's holder gives up just before
				"propagation":    "full time: ",
				"stopped":        "exit code 0",
			},
			never: []string{"forced"},
		},
		"registry frozen, asked for much": {
			registry: newEtcd,
			args:     []string{"-propagation=300ms", "-drain=1h"},
			before:   func(t *testing.T, tr *trial) { check(t, tr.registry.Freeze()); tr.hang(t) },
			second:   syscall.SIGTERM,
			says:     map[string]string{"forced": "calls in flight are cut off: stopped by force: second signal (terminated)"},
			code:     143,
		},
		"handlers that never return": {
			args:   []string{"-propagation=-1s", "-drain=500ms"},
			before: func(t *testing.T, tr *trial) { tr.hang(t) },
			says: map[string]string{
				"drain http": "stopped by force: calls still in flight after 500ms",
				"drain grpc": "stopped by force: calls still in flight after 500ms",
				"forced":     "calls in flight are cut off: stopped by force: calls still in flight after 500ms",
				"stopped":    "exit code 75",
			},
			code:  75,
			never: []string{"propagation"},
		},
		"a thousand idle connections": {
			args:   []string{"-propagation=-1s", "-drain=1h"},
			before: func(t *testing.T, tr *trial) { tr.idle(t, 1000) },
			says:   map[string]string{"stopped": "exit code 0"},
			never:  []string{"forced"},
		},
		"a health watch": {
			args:   []string{"-propagation=-1s", "-drain=1h"},
			before: func(t *testing.T, tr *trial) { tr.watchHealth(t) },
			after:  func(t *testing.T, tr *trial) { tr.healthEnded(t) },
			says:   map[string]string{"stopped": "exit code 0"},
			never:  []string{"forced"},
		},
		"a stream": {
			args:   []string{"-propagation=-1s", "-drain=6s"}, // a third of which is a stream's
			before: func(t *testing.T, tr *trial) { tr.stream(t) },
			says:   map[string]string{"stopped": "exit code 0"},
			never:  []string{"forced"},
		},
		"at once": {
			args:  []string{"-propagation=300ms", "-drain=1h"},
			early: "listening",
			says:  map[string]string{"stopped": "exit code 0"},
			never: []string{"forced"},
		},
		"during the start, the registry down": {
			registry: nowhere,
			args:     []string{"-propagation=300ms", "-drain=1h"},
			early:    "registering",
			says:     map[string]string{"registration": "not confirmed before it was left", "stopped": "exit code 0"},
			never:    []string{"serving", "forced"},
		},
		"twice": {
			args:   []string{"-propagation=-1s", "-drain=1h"},
			before: func(t *testing.T, tr *trial) { tr.hang(t) },
			second: syscall.SIGTERM,
			says:   map[string]string{"forced": "calls in flight are cut off: stopped by force: second signal (terminated)", "stopped": "exit code 143"},
			code:   143,
		},
		"twice, by keyboard": {
			args:   []string{"-propagation=-1s", "-drain=1h"},
			before: func(t *testing.T, tr *trial) { tr.hang(t) },
			second: syscall.SIGINT,
			says:   map[string]string{"forced": "calls in flight are cut off: stopped by force: second signal (interrupt)", "stopped": "exit code 130"},
			code:   130,
		},
	}
}

func TestStops(t *testing.T) {
	t.Parallel()
	shared := newEtcd(t) // closed when all are done
	for name, s := range stops() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := &trial{registry: shared, target: "etcd://" + shared.Endpoint() + "/lifecycle"}
			if s.registry != nil {
				tr.use(s.registry(t))
			}
			tr.play(t, s)
		})
	}
}

// trial is a row of the matrix while it is played.
type trial struct {
	registry *servers.Process
	target   string
	process  *process
	health   grpc.ServerStreamingClient[healthpb.HealthCheckResponse]
}

func (tr *trial) play(t *testing.T, s stop) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // only if something hangs
	defer cancel()
	p, err := launch(ctx, append([]string{"-target", tr.target, "-id", strings.ReplaceAll(t.Name(), "/", "-")}, s.args...)...)
	check(t, err)
	tr.process = p
	defer func() { check(t, p.end()) }()
	if s.early != "listening" { // which it is
		_, err = p.await(ctx, cmp.Or(s.early, "registered"))
		check(t, err)
	}
	if s.before != nil {
		s.before(t, tr)
	}
	check(t, p.signal(syscall.SIGTERM))
	if s.second != 0 {
		_, err = p.await(ctx, "draining")
		check(t, err)
		check(t, p.signal(s.second))
	}
	last, err := p.await(ctx, "stopped")
	check(t, err)
	code, err := p.exit(ctx)
	check(t, err)
	tr.judge(t, s, last, code)
	if s.after != nil {
		s.after(t, tr)
	}
}

// judge compares what the service says of itself, and its exit code, with what has
// to be. Times are the service's own, against the bound that it names itself.
func (tr *trial) judge(t *testing.T, s stop, last report, code int) {
	table := tableOf(last.Steps)
	if code != s.code {
		t.Errorf("exit code %d, want %d: %s\n%s", code, s.code, last.Err, table)
	}
	said := map[string]transport.Step{}
	for _, step := range last.Steps {
		said[step.Name], said[step.Name+" "+step.Server] = step, step
	}
	for name, want := range s.says {
		step, ok := said[name]
		got := strings.TrimPrefix(step.Why+": "+step.Err, ": ")
		begins := func(want string) bool { return strings.HasPrefix(got, want) }
		if !ok || !slices.ContainsFunc(strings.Split(want, "|"), begins) {
			t.Errorf("%s says %q, want %q\n%s", name, got, want, table)
		}
	}
	for _, name := range s.never {
		if _, ok := said[name]; ok {
			t.Errorf("there was a step %q\n%s", name, table)
		}
	}
	stopping, ok := said["stopping"]
	if !ok { // it was over before it had begun to start
		stopping = last.Steps[0]
	}
	if took := said["stopped"].At.Sub(stopping.At); took > last.Budget {
		t.Errorf("the stop took %s, of %s\n%s", took, last.Budget, table)
	}
}

func tableOf(steps []transport.Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%8s %s %s (%s, running: %t) %s %s\n", s.Since.Round(time.Millisecond), s.Name, s.Server, s.Took.Round(time.Millisecond), s.Running, s.Why, s.Err)
	}
	return b.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newEtcd(t *testing.T) *servers.Process {
	return started(t, servers.StartEtcd)
}

func newConsul(t *testing.T) *servers.Process {
	return started(t, servers.StartConsul)
}

// started is a registry of the test's own.
func started(t *testing.T, start func(context.Context, servers.Options) (*servers.Process, error)) *servers.Process {
	t.Helper()
	p, err := start(t.Context(), servers.Options{})
	check(t, err)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// nowhere is a registry that is not there.
func nowhere(t *testing.T) *servers.Process {
	p := newEtcd(t)
	check(t, p.Kill())
	return p
}

// use takes a registry of its own, of whatever kind it is.
func (tr *trial) use(p *servers.Process) {
	tr.registry, tr.target = p, "etcd://"+p.Endpoint()+"/lifecycle"
	if p.DNS() != "" {
		tr.target = "consul://" + p.Endpoint() + "/lifecycle"
	}
}

// hang makes a call over each wire that never returns, and is there when both
// handlers are at it.
func (tr *trial) hang(t *testing.T) {
	var calls sync.WaitGroup
	t.Cleanup(calls.Wait) // the service's end ends them
	cc := tr.dial(t)
	calls.Go(func() {
		if resp, err := http.Post("http://"+tr.process.first.HTTP+"/hang", "text/plain", nil); err == nil {
			_ = resp.Body.Close()
		}
	})
	calls.Go(func() { _ = invoke(context.Background(), cc, rpcHang) })
	for range 2 {
		_, err := tr.process.await(t.Context(), "hanging")
		check(t, err)
	}
}

func (tr *trial) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+tr.process.first.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(t, err)
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

// idle opens connections, and has one call answered on each.
func (tr *trial) idle(t *testing.T, n int) {
	for range n {
		c, err := net.Dial("tcp", tr.process.first.HTTP)
		check(t, err)
		t.Cleanup(func() { _ = c.Close() })
		_, err = io.WriteString(c, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
		check(t, err)
		check(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		if _, err = c.Read(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
	}
}

// stream opens a response that goes on.
func (tr *trial) stream(t *testing.T) {
	resp, err := http.Get("http://" + tr.process.first.HTTP + "/stream")
	check(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	if _, err = resp.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// watchHealth opens a stream that lasts as long as its client likes.
func (tr *trial) watchHealth(t *testing.T) {
	var err error
	tr.health, err = healthpb.NewHealthClient(tr.dial(t)).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	check(t, err)
	if m, err := tr.health.Recv(); err != nil || m.Status != healthpb.HealthCheckResponse_SERVING {
		t.Fatalf("%v, %v", m, err)
	}
}

// healthEnded wants the stream to have ended with a status, after it had said
// so.
func (tr *trial) healthEnded(t *testing.T) {
	var states []string
	for {
		m, err := tr.health.Recv()
		if err != nil {
			if status.Code(err) != codes.Unavailable || !strings.Contains(strings.Join(states, " "), "NOT_SERVING") {
				t.Errorf("after %v: %v", states, err)
			}
			return
		}
		states = append(states, m.Status.String())
	}
}
