package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
)

// load is calls that go on until end.
type load struct {
	stop          context.CancelFunc
	callers       sync.WaitGroup
	calls, failed atomic.Int64
	first         atomic.Pointer[error] // why the first failed
}

// begin has two clients call: one keeps its connections, and one makes a new
// one to addr for every call.
func begin(keeps endpoint.Endpoint, factory kitsd.Factory, addr string) *load {
	ctx, stop := context.WithCancel(context.Background())
	l := &load{stop: stop}
	l.callers.Go(func() { l.call(ctx, keeps) })
	l.callers.Go(func() {
		l.call(ctx, func(ctx context.Context, request any) (any, error) {
			anew, closer, err := factory(addr)
			if err != nil {
				return nil, err
			}
			defer closer.Close() //nolint:errcheck // what was answered is answered
			return anew(ctx, request)
		})
	})
	return l
}

func (l *load) call(ctx context.Context, call endpoint.Endpoint) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		<-tick.C
		response, err := call(context.WithoutCancel(ctx), hello{web})
		if err == nil && response != (hello{addsvc}) {
			err = fmt.Errorf("%v answered", response)
		}
		if err != nil {
			l.failed.Add(1)
			l.first.CompareAndSwap(nil, &err)
		}
		l.calls.Add(1)
	}
}

// end stops the calls; its error is that of the first that failed.
func (l *load) end() error {
	l.stop()
	l.callers.Wait()
	if err := l.first.Load(); err != nil {
		return fmt.Errorf("%d of %d calls failed: %w", l.failed.Load(), l.calls.Load(), *err)
	}
	return nil
}
