package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/go-kit/kit/endpoint"

	folder "github.com/kitgen/kitgen/examples/own-registry"
	"github.com/kitgen/kitgen/transport"
)

// part is a service that runs beside the others.
type part struct {
	stop func()
	done chan error
}

// begin starts a service; fail is told if it does not last.
func begin(ctx context.Context, fail context.CancelCauseFunc, serve func(context.Context) error) *part {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // each stops when it is its turn
	p := &part{stop, make(chan error, 1)}
	go func() {
		err := serve(ctx)
		if err != nil {
			fail(err)
		}
		p.done <- err
	}()
	return p
}

// group is services that stop together.
type group []*part

func (g group) end() error {
	var errs []error
	for _, p := range g {
		p.stop()
	}
	for _, p := range g {
		errs = append(errs, <-p.done)
	}
	return errors.Join(errs...)
}

// play runs three replicas of prices, a shop and its customers, until see
// returns, and stops them in the other order.
func play(ctx context.Context, registry folder.Registry, debug net.Listener, out io.Writer, see func(context.Context) error) (err error) {
	spans := new(memory)
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var replicas group
	var asked [3]atomic.Int64 // how often each was
	defer func() { err = errors.Join(err, replicas.end()) }()
	for replica := range 3 {
		l, t, err := door("prices", spans)
		if err != nil {
			return err
		}
		replicas = append(replicas, begin(ctx, fail, func(ctx context.Context) error {
			return servePrices(ctx, l, registry, t, priceBy(replica, &asked))
		}))
	}
	l, t, err := door("shop", spans)
	if err != nil {
		return err
	}
	shop := group{begin(ctx, fail, func(ctx context.Context) error { return serveShop(ctx, l, debug, registry, t) })}
	defer func() { err = errors.Join(err, shop.end()) }()

	theirs, err := newTelemetry("caller", spans)
	if err != nil {
		return err
	}
	var calls, failed int
	crowd := group{begin(ctx, fail, func(ctx context.Context) (err error) {
		calls, failed, err = customers(ctx, registry.Watcher("shop"), theirs)
		return err
	})}
	err = errors.Join(see(ctx), crowd.end())
	fmt.Fprintf(out, "%d calls, %d failed; one of them, in which a price was asked for twice:\n%s", calls, failed, spans)
	return err
}

// door is where a service listens, and where what can be seen of it goes.
func door(process string, spans *memory) (net.Listener, *telemetry, error) {
	t, err := newTelemetry(process, spans)
	if err != nil {
		return nil, nil, err
	}
	l, err := transport.Listen("listen", "127.0.0.1:0")
	return l, t, err
}

// priceBy is how a replica answers: well, slowly, and for the third not at all
// after its first calls, once the others are called, too. calls are those of each.
func priceBy(replica int, calls *[3]atomic.Int64) endpoint.Endpoint {
	return func(_ context.Context, request any) (any, error) {
		switch n := calls[replica].Add(1); {
		case replica == 1:
			time.Sleep(5 * time.Millisecond)
		case replica == 2 && n > 20 && calls[0].Load() > 0 && calls[1].Load() > 0:
			return nil, &transport.Error{Status: 503, Code: "no_database", Message: "the database of prices does not answer"}
		}
		return int64(len(request.(string))), nil
	}
}
