package deployment

import (
	"bufio"
	"context"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// program is a running process of a new service.
type program struct {
	cmd   *exec.Cmd
	addrs map[string]string // by server: http, grpc, debug
	done  chan struct{}
}

// start builds and runs the service in dir; every setting is a variable.
func start(t *testing.T, dir string, env ...string) *program {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "greeter")
	if out, err := build(dir, binary, "./cmd/greeter", "GOWORK=off"); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	p := &program{cmd: exec.Command(binary), addrs: map[string]string{}, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), append(env, "GREETER_REGISTRY=none", "GREETER_HTTP_ADDR=127.0.0.1:0", "GREETER_GRPC_ADDR=127.0.0.1:0")...)
	log, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	serves := make(chan bool, 1)
	go func() {
		defer close(p.done)
		p.follow(log, serves)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	if !<-serves {
		t.Fatal("the program ended before it served")
	}
	return p
}

var listening = regexp.MustCompile(`msg=listening server=(\w+) addr=(\S+)`)

func (p *program) follow(log io.Reader, serves chan<- bool) {
	defer close(serves)
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			p.addrs[m[1]] = m[2]
		}
		if strings.Contains(lines.Text(), "msg=serving") {
			serves <- true
		}
	}
}

// stop ends the program as Kubernetes does, and returns its exit code.
func (p *program) stop(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, r)
}

func do(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// greet makes one call that is part of a trace.
func (p *program) greet(t *testing.T, trace string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addrs["http"]+"/greet", strings.NewReader(`{"name":"Ada"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	if status, body := do(t, r); status != http.StatusOK || !strings.Contains(body, "Hello, Ada!") {
		t.Fatalf("%d %s", status, body)
	}
}

// exported are the names of the series of a process that has been called, and
// that is in a registry, as it were.
func exported(t *testing.T, dir string) map[string]bool {
	t.Helper()
	p := start(t, dir, "GREETER_DEBUG_ADDR=127.0.0.1:0")
	p.greet(t, "4bf92f3577b34da6a3ce929d0e0e4736")
	status, text := get(t, "http://"+p.addrs["debug"]+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	read := expfmt.NewTextParser(model.UTF8Validation)
	families, err := read.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{"kit_registration": true} // of one that registers
	for name, f := range families {
		names[name] = true
		if f.GetType().String() == "HISTOGRAM" {
			names[name+"_bucket"], names[name+"_sum"], names[name+"_count"] = true, true, true
		}
	}
	return names
}

// TestTraces runs a collector, which hears of calls in their callers' traces, and
// of those that ended just before the process did.
func TestTraces(t *testing.T) {
	c, addr := collect(t)
	p := start(t, service(t), "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+addr, "OTEL_SERVICE_NAME=greetings", "GREETER_DEBUG_ADDR=none")
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	p.greet(t, trace)
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := c.heard(); len(got) != 1 || got[0] != "greetings greeter/Greet "+trace {
		t.Errorf("the collector heard of %q", got)
	}
}

// TestProbes asks what Kubernetes asks, and what the page says to others.
func TestProbes(t *testing.T) {
	p := start(t, service(t), "GREETER_DEBUG_ADDR=127.0.0.1:0")
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := get(t, "http://"+p.addrs["http"]+path); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _ := get(t, "http://"+p.addrs["debug"]+"/debug/kit.json"); status != http.StatusOK {
		t.Errorf("the page: %d", status)
	}
}

// received is a collector of traces.
type received struct {
	collector.UnimplementedTraceServiceServer

	mu    sync.Mutex // guards spans
	spans []string   // service, span and trace
}

func collect(t *testing.T) (*received, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, s := &received{}, grpc.NewServer()
	collector.RegisterTraceServiceServer(s, c)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c, l.Addr().String()
}

func (c *received) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range r.ResourceSpans {
		name := ""
		for _, a := range of.Resource.Attributes {
			if a.Key == "service.name" {
				name = a.Value.GetStringValue()
			}
		}
		for _, scope := range of.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans = append(c.spans, name+" "+s.Name+" "+hex.EncodeToString(s.TraceId))
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func (c *received) heard() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spans
}
