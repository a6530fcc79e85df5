package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/transport/kithttp"
)

// Orders that a service takes.
const (
	failFast = "fail at once" // in a millisecond
	fail     = "fail"         // after three times as long as it takes to succeed
	slow     = "be slow"      // for one call in slowOne
	well     = "be well"
)

const (
	slowOne = 100
	slowFor = 500 * time.Millisecond
)

// service is what an instance does for a call: it waits. With workers, a call that
// was begun is finished, and one that came is begun some time, whether or not its
// caller is still there, as it is with a database behind a service.
type service struct {
	work    time.Duration
	workers chan struct{}     // has a value for each call that is worked on; any number if nil
	next    endpoint.Endpoint // does the work instead, if there is one

	calls atomic.Int64
	now   atomic.Value // the order it goes by, a string
}

func (s *service) order(text string) { s.now.Store(text) }

var errFailing = &kithttp.Error{Status: http.StatusServiceUnavailable, Message: "the database is gone"}

func (s *service) answer(ctx context.Context, request any) (any, error) {
	s.calls.Add(1)
	order, _ := s.now.Load().(string)
	switch {
	case s.next != nil:
		return s.next(ctx, request)
	case order == failFast:
		time.Sleep(time.Millisecond)
		return nil, errFailing
	case s.workers != nil:
		return s.worked()
	}
	takes := s.work
	if order == slow && rand.IntN(slowOne) == 0 {
		takes = slowFor
	}
	select {
	case <-time.After(takes):
		return struct{}{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// worked waits for a worker.
func (s *service) worked() (any, error) {
	s.workers <- struct{}{}
	defer func() { <-s.workers }()
	time.Sleep(s.work)
	if s.now.Load() != fail {
		return struct{}{}, nil
	}
	time.Sleep(2 * s.work)
	return nil, errFailing
}

// report prints how it is called, until ctx ends.
func (s *service) report(ctx context.Context, to *json.Encoder, addr string) {
	_ = to.Encode(report{Addr: addr}) //nolint:errchkjson // it fails only when nobody listens any more
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = to.Encode(report{Calls: s.calls.Load()}) //nolint:errchkjson // the same
		case <-ctx.Done():
			return
		}
	}
}
