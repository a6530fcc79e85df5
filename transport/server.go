package transport

import (
	"context"
	"fmt"
	"net"
	"time"

	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"
)

// Server is one server on a listener that is already bound. Only Name, Serve
// and Close are needed. kithttp.Server and kitgrpc.Server.On make one.
type Server struct {
	Name string   // what it is called in logs and errors, such as "http"
	Addr net.Addr // where its listener is bound

	// Serve blocks until Shutdown or Close and then returns nil; any earlier
	// return is a failure. ready answers the health questions it is asked.
	Serve func(ready *Ready) error

	// Probe asks the server something, as a client would, and returns nil once
	// it answers. Connects to Addr if nil.
	Probe func(ctx context.Context) error

	// SetReady is told true once, when everything is up, and false once, as
	// the first step of a stop, so that callers that are connected can be sent
	// elsewhere. It must not block. Nobody is told if nil.
	SetReady func(ready bool)

	// Calls is how many calls have begun so far, health checks aside. While the
	// process leaves, it tells whether callers have noticed. Unknown if nil.
	Calls func() uint64

	// Shutdown stops accepting and returns when no call is in flight, or when
	// ctx ends. Close is all there is if nil.
	Shutdown func(ctx context.Context) error

	// Close stops at once: it releases the listener, drops every connection,
	// and makes Serve and Shutdown return. It may be called at any time, and
	// more than once.
	Close func() error
}

// Config says what Serve runs. Only Servers is needed.
type Config struct {
	Servers     []Server
	Registrar   kitsd.Registrar // told when there is something to call, and when no more; nobody is told if nil
	Ready       *Ready          // set while the process wants traffic; one of its own if nil
	Propagation time.Duration   // how long calls are still accepted after leaving the registry, at most; 3 s if zero, none if negative
	Drain       time.Duration   // how long calls in flight may take after that; 15 s if zero, none if negative
	Logger      log.Logger      // a line for each step; silent if nil
	Timeline    *Timeline       // gets every step; one of its own if nil
}

// addr is where s listens, if it does.
func (s Server) addr() string {
	if s.Addr == nil {
		return ""
	}
	return s.Addr.String()
}

// label is how errors name s.
func (s Server) label() string {
	if s.Addr == nil {
		return s.Name + " server"
	}
	return fmt.Sprintf("%s server on %s", s.Name, s.Addr)
}

// probe asks s whether it serves.
func (s Server) probe(ctx context.Context) error {
	switch {
	case s.Probe != nil:
		return s.Probe(ctx)
	case s.Addr == nil:
		return nil
	}
	// An unspecified address connects to this machine.
	c, err := new(net.Dialer).DialContext(ctx, s.Addr.Network(), s.Addr.String())
	if err != nil {
		return err
	}
	return c.Close()
}

// drain is s.Shutdown; its error says why where it was ctx that ended it.
func (s Server) drain(ctx context.Context) error {
	err := s.Shutdown(ctx)
	if err != nil && ctx.Err() != nil {
		return forced(ctx)
	}
	return err
}
