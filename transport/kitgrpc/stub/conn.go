package stub

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/go-kit/kit/endpoint"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport/internal/draining"
)

// conn is the connection to one instance: a SubConn, for as long as the instance
// keeps its address. It is shut down when the last who holds it lets go: the set of
// instances is one, each node of a pool another.
type conn struct {
	draining.Hook

	owner *subconns
	id    string // of the instance
	addr  string // of the instance, and a number where that is not enough to tell it from an earlier one
	addrs []resolver.Address
	sc    balancer.SubConn
	ready atomic.Bool
	load  loadReport

	// Guarded by owner.mu:
	wants    sd.State           // of the instance, in the latest set that has it
	state    connectivity.State // TransientFailure until Ready, once it has been that
	idle     bool               // the SubConn is, and wants to be told to connect
	err      error              // why it failed last
	failures int
	told     int           // of failures, those that the pool was told of
	holders  int           // see above
	gone     bool          // not in the set any more
	changed  chan struct{} // closed and replaced at each change
}

// became takes in what gRPC says of the SubConn, and reports what is to be done:
// to connect, or to look for others.
func (c *conn) became(s balancer.SubConnState) (connect, look bool) {
	c.owner.mu.Lock()
	defer c.owner.mu.Unlock()
	was := c.state
	c.idle = s.ConnectivityState == connectivity.Idle
	c.ready.Store(s.ConnectivityState == connectivity.Ready)
	switch s.ConnectivityState {
	case connectivity.Shutdown:
		c.owner.bury(c)
		c.state = s.ConnectivityState
	case connectivity.TransientFailure:
		c.state, c.err = s.ConnectivityState, s.ConnectionError
		c.failures++
		look = true
	case connectivity.Ready:
		c.state, c.err = s.ConnectivityState, nil
	default: // Idle, Connecting
		look = was == connectivity.Ready
		if was != connectivity.TransientFailure {
			c.state = connectivity.Connecting // since an idle one is told to connect at once
		}
	}
	close(c.changed)
	c.changed = make(chan struct{})
	return c.idle && !c.gone, look && !c.gone
}

// Close implements io.Closer, for a pool: it lets go of the connection.
func (c *conn) Close() error {
	c.owner.mu.Lock()
	c.holders--
	last := c.holders == 0
	c.owner.mu.Unlock()
	if last && c.sc != nil {
		c.sc.Shutdown() // lets calls end
	}
	return nil
}

// unavailable is why a connection was not used; it says nothing about the instance.
type unavailable string

func (e unavailable) Error() string { return string(e) }

// NotSent is true.
func (unavailable) NotSent() bool { return true }

// Rejected is true: nobody is to blame.
func (unavailable) Rejected() bool { return true }

const errNotReady = unavailable("the connection is not ready")

var errLeft = errors.New("it has left")

// called is the endpoint of an instance, which nobody is meant to call.
func called(context.Context, any) (any, error) {
	return nil, unavailable("instances of a gRPC connection are called through that, not through its pool")
}

// connect is the factory of a pool: it returns when the connection with that
// address is ready, and fails as often as that does.
func (s *subconns) connect(addr string, closed <-chan struct{}) (endpoint.Endpoint, io.Closer, error) {
	for {
		c, changed, err := s.hold(addr)
		if c != nil {
			return called, c, nil
		}
		if err != nil {
			return nil, nil, err
		}
		select {
		case <-changed:
		case <-closed:
			return nil, nil, errLeft
		}
	}
}

// hold returns the connection with that address if it is ready, why it has failed
// anew, or what is closed when it changes.
func (s *subconns) hold(addr string) (c *conn, changed <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c = s.byAddr[addr]
	switch {
	case c == nil:
		return nil, nil, errLeft
	case c.state == connectivity.Ready:
		c.holders++
		return c, nil, nil
	case c.failures > c.told:
		c.told = c.failures
		return nil, nil, c.err
	}
	return nil, c.changed, nil
}
