package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/middleware/classify"
)

// stage is where an incident is played: servers, and the clients between them.
type stage struct {
	rec     recorder
	servers []*process // the last service of a chain first
	called  int        // how many of them are called from here
	client  *client
	jobs    sync.WaitGroup
}

// launch starts n servers and returns their addresses.
func (s *stage) launch(n int, args ...string) (addrs []string, err error) {
	for range n {
		p, err := launch(args...)
		if err != nil {
			return nil, err
		}
		s.servers = append(s.servers, p)
		addrs = append(addrs, p.addr)
	}
	s.called = n
	return addrs, nil
}

// use closes c in the end.
func (s *stage) use(c *client, err error) (*client, error) {
	s.client = c
	return c, err
}

// counted notes every attempt.
func (s *stage) counted(factory kitsd.Factory) kitsd.Factory {
	return func(addr string) (endpoint.Endpoint, io.Closer, error) {
		e, closer, err := factory(addr)
		if err != nil {
			return nil, nil, err
		}
		first := addr == s.servers[0].addr
		return func(ctx context.Context, request any) (any, error) {
			s.rec.attempted(first)
			return e(ctx, request)
		}, closer, nil
	}
}

// load calls as due says, whether or not earlier calls have been answered, until
// there are no more or ctx ends; then it waits for those under way.
func (s *stage) load(ctx context.Context, call endpoint.Endpoint, due func(time.Duration) (int, bool), impatient func(time.Duration) bool) {
	var calls sync.WaitGroup
	defer calls.Wait()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for made, more := 0, true; more; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C: // drops ticks on a busy machine, which are made up for
		}
		var n int
		at := time.Since(s.rec.zero)
		for n, more = due(at); made < n; made++ {
			leaves := impatient(at)
			calls.Go(func() { s.callOnce(ctx, call, leaves) })
		}
	}
}

func (s *stage) callOnce(ctx context.Context, call endpoint.Endpoint, leaves bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if leaves {
		defer time.AfterFunc(hurry, cancel).Stop()
	}
	begun := time.Now()
	_, err := call(ctx, struct{}{})
	end := failed
	switch {
	case leaves && errors.Is(ctx.Err(), context.Canceled):
		end = left
	case err == nil:
		end = succeeded
	case classify.Rejected(err):
		end = rejected
	}
	s.rec.called(begun, leaves, end)
}

// first and last are the servers that something happens to.
func (s *stage) first() *process { return s.servers[0] }

// last is what the server at the end of a chain got.
func (s *stage) last() []sample {
	p := s.first()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.samples
}

// order tells all servers what to do.
func (s *stage) order(text string) error {
	var errs []error
	for _, p := range s.servers {
		errs = append(errs, p.order(text))
	}
	return errors.Join(errs...)
}

// close ends everything, also after a set-up that did not come far.
func (s *stage) close() (err error) {
	if s.client != nil {
		err = s.client.close()
	}
	for _, p := range s.servers {
		p.end()
	}
	return err
}
