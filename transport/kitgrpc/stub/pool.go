package stub

import (
	"errors"
	"io"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/lb"
)

// pool is what picks: a pool of package lb, and a balancer over it.
type pool struct {
	*lb.Pool

	pick    endpoint.Endpoint
	reports *reporting // nil: load reports do not matter
	closed  chan struct{}
	weigher *weigher // nil likewise
}

func newPool(conns *subconns, f *feed, p *policy, s *settings) (*pool, error) {
	next := &pool{closed: make(chan struct{}), reports: p.reports}
	cfg := p.pool
	cfg.Classify, cfg.Explain = s.classify, s.explain
	cfg.Logger = quietly{s.logger}
	// Calls are not waited for, and nobody is told of them: a SubConn lets those under
	// way end by itself, and a connection that is closed ends them only after its
	// balancer.
	cfg.DrainTimeout = -1
	// It is the SubConn that backs off.
	cfg.MinBackoff, cfg.MaxBackoff = time.Millisecond, time.Millisecond
	cfg.Guard = conns.guard
	next.Pool = lb.NewPool(f, func(addr string) (endpoint.Endpoint, io.Closer, error) {
		return conns.connect(addr, next.closed)
	}, cfg)
	b, err := p.balancer(next.Pool)
	if err != nil {
		next.close()
		return nil, err
	}
	next.pick = lb.Endpoint(b)
	if p.reports != nil {
		next.weigher = newWeigher(conns, f, p.reports)
	}
	if s.onPool != nil {
		s.onPool(next.Pool)
	}
	return next, nil
}

// close joins all that the pool has started.
func (p *pool) close() {
	close(p.closed)
	if p.weigher != nil {
		p.weigher.close()
	}
	_ = p.Pool.Close() // closers return no errors: see conn.Close
}

// guard has picks pass over an instance whose connection is not ready.
func (s *subconns) guard(id string) (endpoint.Middleware, func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID[id]
	if c == nil {
		return nil, nil // it has just left
	}
	return nil, c.ready.Load
}

// quietly is a logger that is not told of what is as it should be: instances that
// left before they could be reached.
type quietly struct{ log.Logger }

// Log implements log.Logger.
func (q quietly) Log(keyvals ...any) error {
	for _, v := range keyvals {
		if err, ok := v.(error); ok && errors.Is(err, errLeft) {
			return nil
		}
	}
	return q.Logger.Log(keyvals...)
}
