package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// report is a line that a server prints: where it listens, once, and then how
// many calls it got.
type report struct {
	Addr  string `json:"addr,omitempty"`
	Calls int64  `json:"calls"`
}

// reportEvery is how often.
const reportEvery = 100 * time.Millisecond

// runServer is one instance of a service. It takes orders from in, and ends with
// that, or with ctx.
func runServer(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	s := &service{}
	flags.DurationVar(&s.work, "work", 10*time.Millisecond, "how long a call takes")
	workers := flags.Int("workers", 0, "how many calls it works on at a time, while others wait; any number if 0")
	next := flags.String("next", "", "address of the service that every call is passed on to")
	attempt := flags.Duration("attempt", 500*time.Millisecond, "how long it waits for an answer of the next")
	guarded := flags.Bool("guarded", false, "with the policies")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *workers > 0 {
		s.workers = make(chan struct{}, *workers)
	}
	if *next != "" {
		c, err := chained(*guarded, *attempt, *next)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		s.next = c.call
	}
	answer := endpoint.Endpoint(s.answer)
	if *guarded && *workers > 0 && *next == "" {
		stack, err := middleware.Server(middleware.ServerConfig{Limit: &limit.Config{}})
		if err != nil {
			return err
		}
		answer = stack.Method("Call")(answer)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the input, or the process
		for lines := bufio.NewScanner(in); lines.Scan(); {
			s.order(lines.Text())
		}
		cancel()
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.report(ctx, json.NewEncoder(out), l.Addr().String())
	}()
	mux := http.NewServeMux()
	mux.Handle("POST /call", kithttp.NewServer(answer, kithttp.DecodeJSON[struct{}]))
	err = transport.Serve(ctx, transport.Config{
		Servers:     []transport.Server{kithttp.Server(l, mux, kithttp.Config{})},
		Propagation: -1, // nobody registered
		Drain:       -1, // nobody waits any more
	})
	cancel()
	<-ended
	if errors.Is(err, transport.ErrForced) {
		return nil
	}
	return err
}
