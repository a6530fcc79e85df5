package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
)

// run is the whole tour. Everything it starts has ended when it returns.
func run(ctx context.Context, c config, v *view) (r report, err error) {
	dir, err := os.MkdirTemp("", "kitgen-demo-")
	if err != nil {
		return report{}, err
	}
	f := &fleet{dir: dir}
	defer func() {
		f.close()
		if c.keep {
			v.say("kept in %s", dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	load, err := build(ctx, dir, v)
	if err != nil {
		return report{}, err
	}
	f.service = filepath.Join(dir, "bin", "addsvc")
	v.say("starting etcd and %d replicas", c.replicas)
	if err := f.startEtcd(ctx); err != nil {
		return report{}, err
	}
	for range c.replicas {
		if err := f.add(ctx); err != nil {
			return report{}, err
		}
	}
	h, events, err := drive(ctx, c, f, load, v)
	if err != nil {
		return report{}, err
	}
	if err := f.verify(); err != nil {
		return report{}, err
	}
	r = newReport(h, f.list(), events, c.seed)
	if c.svg != "" {
		err = writeSVG(c.svg, h, f.list(), events)
	}
	return r, err
}

// drive runs the load, breaks the fleet by the script, and watches.
func drive(ctx context.Context, c config, f *fleet, load string, v *view) (_ *history, _ []event, err error) {
	v.say("calling Sum and Concat %d times a second for %s, over HTTP and gRPC", c.rps, c.duration)
	pr, pw := io.Pipe()
	p, err := launch(f.dir, "load", pw, load, "-etcd", f.registry,
		"-rps", fmt.Sprint(c.rps), "-duration", c.duration.String(), "-seed", fmt.Sprint(c.seed))
	if err != nil {
		return nil, nil, err
	}
	samples := make(chan sample)
	go func() {
		defer close(samples)
		readSamples(pr, samples)
	}()
	go func() { <-p.Done(); pw.Close() }() // ends the reader, once the load has ended
	defer func() {
		pr.Close() // first, or the load could not end for want of a reader
		drain(samples)
		p.Kill()
	}()

	t := &tour{fleet: f, view: v, steps: script(c), done: make(chan stepDone, 1)}
	defer func() { err = errors.Join(err, t.join()) }()
	for {
		select {
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("the tour was interrupted: %w", context.Cause(ctx))
		case d := <-t.done:
			if err := t.finished(d); err != nil {
				return nil, nil, err
			}
		case s, ok := <-samples:
			if !ok {
				return nil, nil, fmt.Errorf("the load ended early: %w; its log ends:\n%s", errors.Join(p.Err(), child.ErrEnded), p.tail())
			}
			t.history.add(s)
			if s.Done {
				v.erase()
				err := t.join()
				return &t.history, t.events, err
			}
			t.next(ctx, msDuration(s.Ms))
			v.draw(&t.history, f.list())
		}
	}
}

// tour carries out the script while samples come in. One step at a time runs
// beside the loop, because starting a server takes a moment.
type tour struct {
	fleet   *fleet
	view    *view
	steps   []step
	busy    bool
	done    chan stepDone
	history history
	events  []event
}

type stepDone struct {
	step step
	took time.Duration
	err  error
}

// next starts the step that is due, if none is under way.
func (t *tour) next(ctx context.Context, now time.Duration) {
	if t.busy || len(t.steps) == 0 || now < t.steps[0].at {
		return
	}
	s := t.steps[0]
	t.steps, t.busy = t.steps[1:], true
	e := event{step: s, from: now}
	if s.kind != restart {
		e.name = fmt.Sprintf("addsvc-%d", s.replica+1)
	}
	t.events = append(t.events, e)
	t.view.say("%s %s", s.kind, e.name)
	go func() {
		begin := time.Now()
		err := t.fleet.do(ctx, s)
		t.done <- stepDone{step: s, took: time.Since(begin), err: err}
	}()
}

func (t *tour) finished(d stepDone) error {
	t.busy = false
	t.events[len(t.events)-1].took = d.took
	if d.err != nil {
		return fmt.Errorf("%s: %w", d.step.kind, d.err)
	}
	return nil
}

// join waits for a step under way.
func (t *tour) join() error {
	if !t.busy {
		return nil
	}
	return t.finished(<-t.done)
}

func readSamples(r io.Reader, out chan<- sample) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sample
		if json.Unmarshal(lines.Bytes(), &s) == nil {
			out <- s
		}
	}
}

func drain(samples <-chan sample) {
	for range samples {
	}
}
