package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// serve is the first argument of the program where it runs itself as a service.
const serve = "service"

// report is a line that a service prints.
type report struct {
	Event  string           `json:"event"` // listening, registering, registered, slow, hanging, draining; stopped, which is the last
	HTTP   string           `json:"http,omitempty"`
	GRPC   string           `json:"grpc,omitempty"`
	Steps  []transport.Step `json:"steps,omitempty"`
	Budget time.Duration    `json:"budget,omitempty"`
	Err    string           `json:"err,omitempty"`
}

// service is the whole of a process that serves.
type service struct {
	target, id         string
	propagation, drain time.Duration

	mu  sync.Mutex // held while a line is written
	out *json.Encoder
}

func (s *service) say(r report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(r) //nolint:errchkjson // it fails only when nobody listens any more
}

// runService serves until ctx ends, or until whoever started it is gone and its
// input ends with them.
func runService(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	s := &service{out: json.NewEncoder(out)}
	flags := flag.NewFlagSet(serve, flag.ContinueOnError)
	flags.StringVar(&s.target, "target", "", "registry and service")
	flags.StringVar(&s.id, "id", "", "of this instance")
	flags.DurationVar(&s.propagation, "propagation", 0, "transport.Config.Propagation")
	flags.DurationVar(&s.drain, "drain", 0, "transport.Config.Drain")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the input, or the process
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	return s.run(ctx)
}

func (s *service) run(ctx context.Context) error {
	web, err := transport.Listen("http-addr", "127.0.0.1:0")
	if err != nil {
		return err
	}
	rpc, err := transport.Listen("grpc-addr", "127.0.0.1:0")
	if err != nil {
		return err
	}
	self := sd.Instance{ID: s.id, Addr: web.Addr().String(), Meta: map[string]string{"grpc": rpc.Addr().String()}}
	registrar, err := sd.OpenRegistrar(s.target, self, sd.RegistrarConfig{
		OnChange: func(state sd.RegistrarState) { s.say(report{Event: state.String()}) },
	}, etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}))
	if err != nil {
		return err
	}
	timeline := new(transport.Timeline)
	cfg := transport.Config{
		Servers:     []transport.Server{s.overHTTP(web), s.overGRPC(rpc)},
		Registrar:   announced{registrar, s},
		Propagation: s.propagation,
		Drain:       s.drain,
		Timeline:    timeline,
	}
	s.say(report{Event: "listening", HTTP: web.Addr().String(), GRPC: rpc.Addr().String()})
	err = transport.Serve(ctx, cfg)
	last := report{Event: "stopped", Steps: timeline.Steps(), Budget: cfg.Budget()}
	if err != nil {
		last.Err = err.Error()
	}
	s.say(last)
	return err
}

// announced is a registrar that says when it begins.
type announced struct {
	*sd.Registrar

	service *service
}

func (a announced) Register() {
	a.Registrar.Register()
	a.service.say(report{Event: "registering"})
}

// overHTTP answers calls, those to /slow late and those to /hang never;
// /stream goes on for as long as it may.
func (s *service) overHTTP(l net.Listener) transport.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /call", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(work)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	})
	mux.HandleFunc("POST /slow", func(http.ResponseWriter, *http.Request) {
		s.say(report{Event: "slow"})
		time.Sleep(slowWork)
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begun")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("POST /hang", func(http.ResponseWriter, *http.Request) { s.hang() })
	server := kithttp.Server(l, mux, kithttp.Config{MaxConns: -1})
	shutdown := server.Shutdown
	server.Shutdown = func(ctx context.Context) error {
		s.say(report{Event: "draining"})
		return shutdown(ctx)
	}
	return server
}

func (s *service) overGRPC(l net.Listener) transport.Server {
	server := kitgrpc.NewServer(kitgrpc.Config{})
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: rpcService,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{method("Call", func() { time.Sleep(work) }), method("Hang", s.hang)},
	}, s)
	return server.On(l)
}

// hang is a handler that heeds nothing.
func (s *service) hang() {
	s.say(report{Event: "hanging"})
	select {}
}
