package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	callTimeout = 10 * time.Second // of a call with all its attempts
	callers     = 512              // at most that many calls are under way
	patience    = 5                // seconds that a call may wait for one of those to be answered
)

// load makes calls at a given rate whether or not earlier ones have been
// answered, as the rest of the world does.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	calls  int
	failed int
	errs   []string // of the first few
	halts  time.Duration
}

// drive starts to make so many calls a second, until rest or the row's end.
func (t *trial) drive(rate int) {
	rate = max(1, rate/t.length.stretch)
	ctx, cancel := context.WithCancel(t.ctx)
	l := &load{cancel: cancel}
	due := make(chan struct{}, patience*rate)
	for range min(callers, 2*rate) {
		l.done.Go(func() {
			for range due {
				l.count(t.call())
			}
		})
	}
	l.done.Go(func() {
		defer close(due)
		l.pace(ctx, rate, due)
	})
	t.load = l
	t.later(func() error { l.stop(); return nil })
}

// pace puts calls into due when their time has come. One that nobody would be
// free to make for seconds, since so many others wait for an answer, has
// failed.
func (l *load) pace(ctx context.Context, rate int, due chan<- struct{}) {
	tick := time.NewTicker(max(time.Millisecond, time.Second/time.Duration(rate)))
	defer tick.Stop()
	start, made, last := time.Now(), 0, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if late := time.Since(last); late > time.Second {
			// It is this process that was halted: nobody would have called.
			start = start.Add(late)
			l.halted(late)
		}
		last = time.Now()
		for ; made < int(time.Since(start).Seconds()*float64(rate)); made++ {
			select {
			case due <- struct{}{}:
			default:
				l.count(fmt.Errorf("%d calls are unanswered, and those of %d s wait to be made", callers, patience))
			}
		}
	}
}

// halted notes for how long no call could be made, since this process did not
// run.
func (l *load) halted(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halts += d
}

func (l *load) count(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if err == nil {
		return
	}
	l.failed++
	if len(l.errs) < 3 {
		l.errs = append(l.errs, err.Error())
	}
}

// stop ends the load and waits for the calls under way.
func (l *load) stop() {
	l.cancel()
	l.done.Wait()
}

func (l *load) counts() (calls, failed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls, l.failed
}
