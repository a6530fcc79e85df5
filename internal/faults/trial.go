package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
)

// trial is one row at work: the verbs that rows are written in. A verb that
// fails ends the row, as FailNow ends a test. Rows use it from one goroutine.
type trial struct {
	row  row
	ctx  context.Context //nolint:containedctx // a row is one sentence, and this its length
	dir  string          // of the row's files
	logs io.Writer       // what happens when, for people

	registry registry
	length   length
	ttl      time.Duration // of registrations

	fleetParams, consumerParams []string // of the targets
	health                      string   // how Consul learns that an instance hangs; see runInstance
	door                        door     // by which the consumer calls; endpoints over HTTP if zero

	members  []*instance
	consumer *consumer
	load     *load
	streams  *streams
	start    time.Time

	program   string        // that instances run; this one if empty
	markEvery time.Duration // how often the marker changes; 500 ms if zero
	since     time.Time     // when the last fault struck or was over; within counts from here

	jobs    sync.WaitGroup     // the recorders
	stop    context.CancelFunc // ends them
	markers markers

	mu       sync.Mutex // guards the fields below
	history  history.History
	epoch    int // see history.Sighting
	measured time.Duration
	halted   time.Duration // this process did not run for so long
	took     time.Duration // the longest of all conditions
	complain []string
	notes    []string
	cleanups []func() error
}

// try runs a row and returns what came of it. Everything it started is gone
// when it returns.
func try(ctx context.Context, r row, l length, logs io.Writer) result {
	t := &trial{row: r, ctx: ctx, length: l, ttl: ttl, logs: logs, start: time.Now(), stop: func() {}}
	watched, unwatch := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { t.halts(watched) })
	running.Go(func() {
		defer unwatch()
		t.play()
	})
	running.Wait()
	t.cleanUp()
	return t.result()
}

// play runs the row and, if it came to its end, the promises.
func (t *trial) play() {
	dir, err := os.MkdirTemp("", "kitgen-faults-")
	t.must(err)
	t.dir = dir
	t.later(func() error { return os.RemoveAll(dir) })
	t.row.run(t)
	t.judge()
}

// fail ends the row.
func (t *trial) fail(format string, args ...any) {
	t.violate(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (t *trial) must(err error) {
	if err != nil {
		t.fail("%v", err)
	}
}

// violate notes what is wrong and goes on.
func (t *trial) violate(what string) {
	t.say("WRONG: " + what)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.complain = append(t.complain, what)
}

// note is printed with the row's result.
func (t *trial) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.say(text)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, text)
}

func (t *trial) say(what string) {
	fmt.Fprintf(t.logs, "%8.3fs  %s\n", time.Since(t.start).Seconds(), what)
}

// later is called when the row is over, last come first served.
func (t *trial) later(f func() error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

func (t *trial) cleanUp() {
	t.stop()
	t.jobs.Wait()
	for {
		t.mu.Lock()
		n := len(t.cleanups)
		if n == 0 {
			t.mu.Unlock()
			return
		}
		last := t.cleanups[n-1]
		t.cleanups = t.cleanups[:n-1]
		t.mu.Unlock()
		if err := last(); err != nil {
			t.violate(fmt.Sprintf("clean up: %v", err))
		}
	}
}

// fault does something that nothing has to be in order after, until heal.
func (t *trial) fault(what string, do func() error) {
	t.say("fault: " + what)
	now := time.Now()
	t.mu.Lock()
	t.history.Faults = append(t.history.Faults, history.Span{From: now})
	t.mu.Unlock()
	t.since = now
	t.do(what, do)
}

// heal ends the fault: from here on the bounds count.
func (t *trial) heal(what string, do func() error) {
	t.say("heal: " + what)
	t.do(what, do)
	t.since = time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.history.Faults {
		if t.history.Faults[i].To.IsZero() {
			t.history.Faults[i].To = t.since
		}
	}
}

// strike is a fault that is over as soon as it has happened.
func (t *trial) strike(what string, do func() error) {
	t.fault(what, do)
	began := t.since
	t.heal("that was all", func() error { return nil })
	t.since = began
}

func (t *trial) do(what string, do func() error) {
	if err := do(); err != nil {
		t.fail("%s: %v", what, err)
	}
}

// last lets things be as they are for d.
func (t *trial) last(d time.Duration) {
	t.say(fmt.Sprintf("for %v", d))
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.ctx.Done():
		t.fail("the row was ended from outside: %v", context.Cause(t.ctx))
	}
}

func (t *trial) result() result {
	r := newResult(t.row)
	if t.load != nil {
		r.Calls, r.Failed = t.load.counts()
	}
	if t.streams != nil {
		r.HandedOver = t.streams.handedOver()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.MeasuredMS, r.HaltedMS = t.measured.Milliseconds(), t.halted.Milliseconds()
	r.Violations, r.Notes = slices.Clone(t.complain), slices.Clone(t.notes)
	r.verdict()
	return r
}
