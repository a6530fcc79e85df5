package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// The wires, as an instance's Meta names its addresses.
const (
	overHTTP = "http"
	overGRPC = "grpc"
)

// answer is what every call returns, and a stream again and again.
type answer struct {
	ID string `json:"id"`
}

// server answers calls with its ID, unless it was told to hang.
type server struct {
	id      string
	hanging atomic.Bool
}

func (s *server) http(l net.Listener, logger log.Logger) transport.Server {
	mux := http.NewServeMux()
	mux.Handle("POST /call", kithttp.NewServer(s.call, kithttp.DecodeJSON[struct{}]))
	mux.Handle("GET /health", kithttp.NewServer(s.call, kithttp.DecodeJSON[struct{}]))
	mux.HandleFunc("GET /watch", s.watchHTTP)
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, time.Now().Unix()) })
	mux.HandleFunc("POST /hang", func(http.ResponseWriter, *http.Request) { s.hanging.Store(true) })
	mux.HandleFunc("POST /recover", func(http.ResponseWriter, *http.Request) { s.hanging.Store(false) })
	return kithttp.Server(l, mux, kithttp.Config{StreamGrace: grace, Logger: logger})
}

func (s *server) grpc(l net.Listener, logger log.Logger) transport.Server {
	srv := kitgrpc.NewServer(kitgrpc.Config{StreamGrace: grace, Logger: logger})
	srv.RegisterService(serviceDesc(), s)
	return srv.On(l)
}

func (s *server) call(ctx context.Context, _ any) (any, error) {
	if s.hanging.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return answer{s.id}, nil
}

// grace is how long streams go on once the drain has begun.
const grace = 500 * time.Millisecond

// pulse is how often a stream says something.
const pulse = 100 * time.Millisecond

// watch goes on until ctx ends, and then returns as if all had been said: so do
// most handlers, and no caller may take that for the end of the stream.
func (s *server) watch(ctx context.Context, send func(answer) error) error {
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for {
		if err := send(answer{s.id}); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *server) watchHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines, out := json.NewEncoder(w), http.NewResponseController(w)
	_ = s.watch(r.Context(), func(a answer) error { // it fails if the caller is gone
		if err := lines.Encode(a); err != nil {
			return err
		}
		return out.Flush()
	})
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
