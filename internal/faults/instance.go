package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
)

// propagation is how long an instance goes on answering after it has left.
const propagation = time.Second

// event is a line that an instance prints.
type event struct {
	Event string `json:"event"` // listening, registered, lost, unregistered, obeyed, stopped
	Addr  string `json:"addr,omitempty"`
	GRPC  string `json:"grpc,omitempty"` // the other address, of an instance that listens
	Err   string `json:"err,omitempty"`
}

// runInstance is the service: it registers, answers over both wires, and leaves
// on SIGTERM, the way any service built with this library does.
func runInstance(args []string, out, logs io.Writer) error {
	flags := flag.NewFlagSet("instance", flag.ContinueOnError)
	target := flags.String("target", "", "registry and service, as a target")
	id := flags.String("id", "", "of this instance")
	listen := flags.String("listen", "127.0.0.1:0", "host:port of HTTP")
	listenGRPC := flags.String("grpc", "127.0.0.1:0", "host:port of gRPC")
	propagation := flags.Duration("propagation", propagation, "how long to go on answering after leaving the registry")
	health := flags.String("health", "", "how Consul learns whether this instance is well: by its beats if beat, by asking if check, not at all if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	say := newSpeaker(out)
	defer obey(say)()
	web, err := bound("-listen", *listen)
	if err != nil {
		return err
	}
	rpc, err := bound("-grpc", *listenGRPC)
	if err != nil {
		return err
	}
	svc := &server{id: *id}
	cfg, err := svc.judgedBy(*health)
	if err != nil {
		return err
	}
	logger := log.NewLogfmtLogger(log.NewSyncWriter(logs))
	self := sd.Instance{ID: *id, Addr: web.Addr().String(), Meta: map[string]string{
		overHTTP: web.Addr().String(), overGRPC: rpc.Addr().String(),
	}}
	registrar, err := sd.OpenRegistrar(*target, self, sd.RegistrarConfig{
		Logger:   logger,
		OnChange: func(s sd.RegistrarState) { say.event(event{Event: s.String()}) },
	}, schemes(cfg)...)
	if err != nil {
		return err
	}
	say.event(event{Event: "listening", Addr: self.Addr, GRPC: self.Meta[overGRPC]})
	err = transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{svc.http(web, logger), svc.grpc(rpc, logger)},
		Registrar:   registrar,
		Propagation: *propagation,
		Logger:      logger,
	})
	say.event(event{Event: "stopped", Err: errText(err)})
	return err
}

// bound is a listener at the address that a flag gives.
func bound(name, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w; pass a free port, such as 127.0.0.1:0", name, addr, err)
	}
	return l, nil
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
			say.event(event{Event: "obeyed", Err: errText(err)})
		}
	})
	return func() {
		signal.Stop(orders)
		close(orders)
		listening.Wait()
	}
}

// speaker prints events, whole lines at a time.
type speaker struct {
	mu  sync.Mutex // held while a line is written
	out *json.Encoder
}

func newSpeaker(out io.Writer) *speaker { return &speaker{out: json.NewEncoder(out)} }

func (s *speaker) event(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(e) //nolint:errchkjson // it fails only if nobody listens any more: the row that started us is over
}

// errText is what an error says; empty if there is none.
func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// serveInstance is runInstance on the process's own streams.
func serveInstance(args []string) int {
	if err := runInstance(args, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "instance:", err)
		return 1
	}
	return 0
}
