package examples

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
	"github.com/kitgen/kitgen/transport/kitsystemd"
)

// life is what the page's program is made with.
type life struct {
	httpAddr, grpcAddr, registry string
	schemes                      []sd.Scheme
	handler                      http.Handler
	rpc                          *kitgrpc.Server
	logger                       log.Logger
	timeline                     *transport.Timeline
}

// run is the code of docs/lifecycle.md.
func (l life) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	web, err := kitsystemd.Listen("http", "http-addr", l.httpAddr)
	if err != nil {
		return err // -http-addr :8080: address already in use; stop the process that has it or …
	}
	rpc, err := kitsystemd.Listen("grpc", "grpc-addr", l.grpcAddr)
	if err != nil {
		return err
	}
	self := sd.Instance{ID: sd.NewID("prices"), Addr: web.Addr().String(), Meta: map[string]string{"grpc": rpc.Addr().String()}}
	registrar, err := sd.OpenRegistrar(l.registry, self, sd.RegistrarConfig{Logger: l.logger}, l.schemes...)
	if err != nil {
		return err
	}
	return transport.Serve(ctx, transport.Config{
		Servers: []transport.Server{
			kithttp.Server(web, l.handler, kithttp.Config{Logger: l.logger}),
			l.rpc.On(rpc),
			kitsystemd.Server(kitsystemd.Config{Logger: l.logger}), // nothing, where systemd did not start this
		},
		Registrar: registrar,
		Logger:    l.logger,   // a line for each step
		Timeline:  l.timeline, // the same for a debug page
	})
}

func memoryScheme(registry *sdtest.Memory) sd.Scheme {
	return sd.Scheme{
		Name:    "memory",
		Watcher: func(t sd.Target) (sd.Watcher, error) { return registry.Watcher(t.Path[0]), nil },
		Holder:  func(t sd.Target) (sd.Holder, error) { return registry.Holder(t.Path[0]), nil },
	}
}

// TestLifecyclePage starts and stops the page's program, and wants the steps that
// the page shows.
func TestLifecyclePage(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var registry sdtest.Memory
	var timeline transport.Timeline
	serving := make(chan struct{})
	logger := log.LoggerFunc(func(keyvals ...any) error {
		if slices.Contains(keyvals, any("serving")) {
			close(serving)
		}
		return nil
	})
	l := life{
		httpAddr: "127.0.0.1:0", grpcAddr: "127.0.0.1:0", registry: "memory:///prices", schemes: []sd.Scheme{memoryScheme(&registry)},
		handler: http.NotFoundHandler(), rpc: kitgrpc.NewServer(kitgrpc.Config{}), logger: logger, timeline: &timeline,
	}
	ended := make(chan error)
	go func() { ended <- l.run(ctx) }()
	w := registry.Watcher("prices")
	watching, registered := context.WithCancel(t.Context())
	_ = w.Watch(watching, func(set []sd.Instance) {
		if len(set) > 0 {
			registered()
		}
	})
	select {
	case <-serving:
	case <-time.After(time.Minute):
		t.Error("it never said that it serves")
	}
	cancel()
	if code := transport.ExitCode(<-ended); code != 0 {
		t.Errorf("exit code %d", code)
	}
	shown, _, _ := strings.Cut(after(t, lifecyclePage(t), "```text\n0s"), "```")
	if got, want := skeleton(timeline.String()), skeleton("0s"+shown); got != want {
		t.Errorf("the steps are\n%s\nand the page shows\n%s", got, want)
	}
}

func lifecyclePage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/lifecycle.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func after(t *testing.T, text, mark string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, mark)
	if !ok {
		t.Fatalf("docs/lifecycle.md has no %q", mark)
	}
	return rest
}

var figures = regexp.MustCompile(`[\d.:]+(m?s\b)?|context canceled|terminated signal received`)

// skeleton is a timeline without what is another at each run.
func skeleton(timeline string) string {
	var steps []string
	for line := range strings.Lines(timeline) {
		steps = append(steps, strings.Join(strings.Fields(figures.ReplaceAllString(line, "#")), " "))
	}
	return strings.TrimSpace(strings.Join(steps, "\n"))
}

// TestLifecyclePageKnowsTheBudget compares the page's figures with the code's.
func TestLifecyclePageKnowsTheBudget(t *testing.T) {
	t.Parallel()
	page := lifecyclePage(t)
	budget := transport.Config{}.Budget()
	grace := budget + 10*time.Second // 5 s of preStop, and as much again
	for _, want := range []string{
		fmt.Sprintf("| **all** | **%.0f s** |", budget.Seconds()),
		fmt.Sprintf("terminationGracePeriodSeconds: %.0f", grace.Seconds()),
		fmt.Sprintf("TimeoutStopSec=%.0f", (budget + 5*time.Second).Seconds()),
		fmt.Sprintf("| %d | ", transport.ExitCode(transport.ErrForced)),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("docs/lifecycle.md does not say %q", want)
		}
	}
}
