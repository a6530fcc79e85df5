package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// propagation is how long an instance goes on answering after it has left.
const propagation = time.Second

// event is a line that an instance prints.
type event struct {
	Event string `json:"event"` // listening, registered, lost, unregistered, obeyed, stopped
	Addr  string `json:"addr,omitempty"`
	Err   string `json:"err,omitempty"`
}

// runInstance is the service: it registers, answers, and leaves on SIGTERM,
// the way any service built with this library does.
func runInstance(args []string, out, logs io.Writer) error {
	flags := flag.NewFlagSet("instance", flag.ContinueOnError)
	target := flags.String("target", "", "registry and service, as a target")
	id := flags.String("id", "", "of this instance")
	listen := flags.String("listen", "127.0.0.1:0", "host:port")
	propagation := flags.Duration("propagation", propagation, "how long to go on answering after leaving the registry")
	health := flags.String("health", "", "how Consul learns whether this instance is well: by its beats if beat, by asking if check, not at all if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	say := newSpeaker(out)
	defer obey(say)()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("-listen %s: %w; pass a free port, such as 127.0.0.1:0", *listen, err)
	}
	svc := &server{id: *id}
	cfg, err := svc.judgedBy(*health)
	if err != nil {
		return err
	}
	holder, err := sd.OpenHolder(*target, schemes(cfg)...)
	if err != nil {
		return err
	}
	logger := log.NewLogfmtLogger(log.NewSyncWriter(logs))
	self := sd.Instance{ID: *id, Addr: l.Addr().String()}
	registrar := sd.NewRegistrar(holder, self, sd.RegistrarConfig{
		Logger:   logger,
		OnChange: func(s sd.RegistrarState) { say.event(s.String(), "", nil) },
	})
	say.event("listening", self.Addr, nil)
	err = transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{kithttp.Server(l, svc.handler(), kithttp.Config{})},
		Registrar:   registrar,
		Propagation: *propagation,
		Logger:      logger,
	})
	say.event("stopped", "", err)
	return err
}

// answer is what every call returns.
type answer struct {
	ID string `json:"id"`
}

// obey takes the file descriptors away on SIGUSR1, and gives them back on
// SIGUSR2, and says when it has. What it returns ends that.
func obey(say *speaker) (end func()) {
	orders := make(chan os.Signal, 1)
	signal.Notify(orders, syscall.SIGUSR1, syscall.SIGUSR2)
	var listening sync.WaitGroup
	listening.Go(func() {
		var limit syscall.Rlimit
		_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) // it fails on a bad pointer alone
		for order := range orders {
			now := limit
			if order == syscall.SIGUSR1 {
				now.Cur = 3 // what is open stays open
			}
			err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &now)
			say.event("obeyed", "", err)
		}
	})
	return func() {
		signal.Stop(orders)
		close(orders)
		listening.Wait()
	}
}

// server answers calls with its ID, unless it was told to hang.
type server struct {
	id      string
	hanging atomic.Bool
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /call", kithttp.NewServer(s.call, kithttp.DecodeJSON[struct{}]))
	mux.Handle("GET /health", kithttp.NewServer(s.call, kithttp.DecodeJSON[struct{}]))
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, time.Now().Unix()) })
	mux.HandleFunc("POST /hang", func(http.ResponseWriter, *http.Request) { s.hanging.Store(true) })
	mux.HandleFunc("POST /recover", func(http.ResponseWriter, *http.Request) { s.hanging.Store(false) })
	return mux
}

func (s *server) call(ctx context.Context, _ any) (any, error) {
	if s.hanging.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return answer{s.id}, nil
}

// judgedBy is how Consul learns that s hangs.
func (s *server) judgedBy(health string) (consul.Config, error) {
	switch health {
	case "":
		return consul.Config{}, nil
	case "beat":
		return consul.Config{Ready: func(ctx context.Context) error { _, err := s.call(ctx, nil); return err }}, nil
	case "check":
		return consul.Config{HTTPCheck: &consul.HTTPCheck{URL: "/health"}}, nil
	}
	return consul.Config{}, fmt.Errorf("-health is %q: give beat or check, or leave it out", health)
}

// speaker prints events, whole lines at a time.
type speaker struct {
	mu  sync.Mutex // held while a line is written
	out *json.Encoder
}

func newSpeaker(out io.Writer) *speaker { return &speaker{out: json.NewEncoder(out)} }

func (s *speaker) event(name, addr string, err error) {
	e := event{Event: name, Addr: addr}
	if err != nil {
		e.Err = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(e) //nolint:errchkjson // it fails only if nobody listens any more: the row that started us is over
}

// serveInstance is runInstance on the process's own streams.
func serveInstance(args []string) int {
	if err := runInstance(args, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "instance:", err)
		return 1
	}
	return 0
}
