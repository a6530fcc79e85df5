package servers

import (
	"context"
	"errors"
	"os"
	"testing"
)

// Server is a [Process] of a test: it is closed when the test ends, and the
// test fails where an operation would return an error. Its methods are for the
// test's own goroutine, as [testing.TB.FailNow] is.
type Server struct {
	tb      testing.TB
	process *Process
}

// Etcd runs an etcd member for tb.
func Etcd(tb testing.TB, opts Options) *Server {
	tb.Helper()
	return newServer(tb, StartEtcd, opts)
}

// Consul runs a Consul agent for tb.
func Consul(tb testing.TB, opts Options) *Server {
	tb.Helper()
	return newServer(tb, StartConsul, opts)
}

// ZooKeeper runs a ZooKeeper server for tb. Where it is not installed it skips
// tb, and says why; with CI set to true it fails it instead.
func ZooKeeper(tb testing.TB, opts Options) *Server {
	tb.Helper()
	return newServer(tb, StartZooKeeper, opts)
}

func newServer(tb testing.TB, start func(context.Context, Options) (*Process, error), opts Options) *Server {
	tb.Helper()
	p, err := start(tb.Context(), opts)
	if errors.Is(err, ErrNotInstalled) && os.Getenv("CI") != "true" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("%s's log ends:\n%s", p.kind.name, p.LogTail())
		}
		if err := p.Close(); err != nil {
			tb.Errorf("close %s: %v", p.kind.name, err)
		}
	})
	return &Server{tb: tb, process: p}
}

// Endpoint is where clients connect: host:port. It never changes.
func (s *Server) Endpoint() string { return s.process.Endpoint() }

// DNS is where a Consul answers names, over UDP and TCP; empty for others.
func (s *Server) DNS() string { return s.process.DNS() }

// Start runs a server that is down, with its data and ports; it is ready on
// return.
func (s *Server) Start() { s.tb.Helper(); s.must(s.process.Start(s.tb.Context())) }

// Kill ends the server with SIGKILL; its data stays.
func (s *Server) Kill() { s.tb.Helper(); s.must(s.process.Kill()) }

// Stop ends the server with SIGTERM; its data stays.
func (s *Server) Stop() { s.tb.Helper(); s.must(s.process.Stop()) }

// Freeze halts the server with SIGSTOP: connections stay, nobody answers.
func (s *Server) Freeze() { s.tb.Helper(); s.must(s.process.Freeze()) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() { s.tb.Helper(); s.must(s.process.Thaw()) }

// Wipe kills the server and removes its data; Start then gives an empty one.
func (s *Server) Wipe() { s.tb.Helper(); s.must(s.process.Wipe()) }

func (s *Server) must(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatal(err)
	}
}
