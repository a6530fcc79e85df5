package transport

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// ErrForced is part of Serve's error if calls in flight were cut off: the
// drain took too long, or a second signal asked for it.
var ErrForced = errors.New("stopped by force")

// What a process ends with that returns ExitCode.
const (
	exitClean    = 0
	exitFailed   = 1
	exitForced   = 75  // EX_TEMPFAIL of sysexits.h: what was cut off may be tried again
	exitSignaled = 128 // and the signal's number, as shells have it
)

// ExitCode is what a process should end with whose Serve returned err, so that
// whoever started it can tell how it went:
//
//	  0  clean: no call was cut off
//	  1  something failed: a server, the start, the registrar
//	 75  calls were cut off when Config.Drain was over (ErrForced)
//	130  stopped by force by a second SIGINT
//	143  stopped by force by a second SIGTERM
//
// The last that applies wins. A negative Config.Drain is a wish to cut calls off,
// and no reason for a code. A main is
//
//	os.Exit(transport.ExitCode(run()))
func ExitCode(err error) int {
	if err == nil {
		return exitClean
	}
	if s, ok := errors.AsType[*signalError](err); ok {
		return exitSignaled + s.number()
	}
	if errors.Is(err, ErrForced) {
		return exitForced
	}
	return exitFailed
}

// signalError is why a second signal cut calls off.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string {
	return fmt.Sprintf("%v: second signal (%v)", ErrForced, e.signal)
}

func (e *signalError) Unwrap() error { return ErrForced }

func (e *signalError) number() int {
	n, _ := e.signal.(syscall.Signal)
	return int(n)
}

// heed returns a context that ends when a second signal asks for force. The
// first one is what ended ctx. release gives back what it takes.
func (r *run) heed(ctx context.Context) (force context.Context, release func()) {
	force, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var listening sync.WaitGroup
	listening.Go(func() { secondSignal(ctx, force, cancel) })
	return force, func() { cancel(nil); listening.Wait() }
}

// secondSignal waits for ctx to end, and cancels force if a signal comes before
// force has ended by itself.
func secondSignal(ctx, force context.Context, cancel context.CancelCauseFunc) {
	select {
	case <-ctx.Done():
	case <-force.Done():
		return
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	select {
	case s := <-signals:
		cancel(&signalError{s})
	case <-force.Done():
	}
}
