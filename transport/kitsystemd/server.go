package kitsystemd

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/transport"
)

// Config adjusts Server. The zero value is good.
type Config struct {
	Logger log.Logger // hears of what systemd could not be told; silent if nil
}

// Server tells systemd how the process is; it has no listener, and takes its
// steps with the servers that have: READY=1 when callers are let in, STOPPING=1
// when they are sent elsewhere, each with a STATUS=. If the unit has WatchdogSec=,
// it says WATCHDOG=1 twice in that time: while the process serves only if
// transport.Ready says yes (in a quarter of it), and while it leaves in any case,
// since a long drain is no hang.
//
// Where NOTIFY_SOCKET is not set it does nothing. If it is and nobody is there,
// or WATCHDOG_USEC is not a time, the self-probe fails: systemd would kill the
// process for it later.
func Server(cfg Config) transport.Server {
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	n := &notifier{tell: tell, warn: level.Warn(cfg.Logger), ready: make(chan bool, 2), closed: make(chan struct{})}
	n.watchdog, n.err = daemon.SdWatchdogEnabled(false)
	return transport.Server{
		Name:     "systemd",
		Serve:    n.serve,
		Probe:    n.probe,
		SetReady: func(ready bool) { n.ready <- ready },
		Calls:    func() uint64 { return 0 },
		Close:    sync.OnceValue(func() error { close(n.closed); return nil }),
	}
}

// tell sends a message to systemd, if that is who started us.
func tell(state string) error {
	_, err := daemon.SdNotify(false, state)
	return err
}

type notifier struct {
	tell     func(state string) error
	warn     log.Logger
	watchdog time.Duration // WatchdogSec of the unit; none if zero
	err      error         // why that is not known
	ready    chan bool     // what SetReady was told: yes and no, once each
	closed   chan struct{}
}

// probe finds out whether anybody listens.
func (n *notifier) probe(context.Context) error {
	if n.err != nil {
		return fmt.Errorf("WATCHDOG_USEC is %q: %w; it is systemd that sets it, from the unit's WatchdogSec=", os.Getenv("WATCHDOG_USEC"), n.err)
	}
	if err := n.tell("STATUS=starting"); err != nil {
		return fmt.Errorf("NOTIFY_SOCKET is %q: %w; unset it if it was not systemd that started this", os.Getenv("NOTIFY_SOCKET"), err)
	}
	return nil
}

func (n *notifier) serve(ready *transport.Ready) error {
	var beat <-chan time.Time
	if n.watchdog > 0 {
		ticker := time.NewTicker(n.watchdog / 2)
		defer ticker.Stop()
		beat = ticker.C
	}
	serving := false
	for {
		select {
		case serving = <-n.ready:
			n.changed(serving)
		case <-beat:
			n.beat(serving, ready)
		case <-n.closed:
			for len(n.ready) > 0 { // a stop that waits for nobody
				n.changed(<-n.ready)
			}
			return nil
		}
	}
}

func (n *notifier) changed(ready bool) {
	if ready {
		n.say("READY=1\nSTATUS=serving")
	} else {
		n.say("STOPPING=1\nSTATUS=leaving: callers are sent elsewhere, calls in flight finish")
	}
}

// beat tells systemd that the process is well, if it is.
func (n *notifier) beat(serving bool, ready *transport.Ready) {
	if !serving {
		n.say("WATCHDOG=1")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), n.watchdog/4)
	defer cancel()
	if err := ready.Check(ctx); err != nil {
		n.say("STATUS=" + line(err.Error()))
		return
	}
	n.say("WATCHDOG=1\nSTATUS=serving")
}

func (n *notifier) say(state string) {
	if err := n.tell(state); err != nil {
		_ = n.warn.Log("msg", "systemd was not told", "state", state, "err", err)
	}
}

// line keeps a text from being several assignments.
func line(text string) string {
	for i, r := range text {
		if r == '\n' || r == '\r' {
			return text[:i]
		}
	}
	return text
}
