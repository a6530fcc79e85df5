package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	patience = 2 * time.Second      // of callers
	hurry    = 5 * time.Millisecond // after which callers in a hurry give up
	warmUp   = 1500 * time.Millisecond
)

// incident is what goes wrong, and how it is played.
type incident struct {
	name  string // of the file
	title string // what to look for
	note  string // the conditions

	length time.Duration // of what is drawn
	fault  fault
	rate   int // calls a second
	peak   int // the same, during the fault; rate if zero

	leave bool // during the fault, half of the callers are in a hurry

	setUp func(s *stage, guarded bool) (*client, error)
	begin func(s *stage) error // the fault; nothing if nil
	end   func(s *stage) error

	panels func(r result) []panel
	story  func(r result) string
}

// fault is when something is wrong, from the beginning of what is drawn.
type fault struct {
	label    string
	from, to time.Duration
}

// result is both runs of an incident.
type result struct {
	Without *run `json:"without"`
	With    *run `json:"with"`
}

// play plays the incident without and with the policies, that many times as fast
// as it says.
func (in incident) play(ctx context.Context, speed time.Duration) (r result, err error) {
	in.length /= speed
	in.fault.from /= speed
	in.fault.to /= speed
	if r.Without, err = in.once(ctx, false); err != nil {
		return r, fmt.Errorf("without policies: %w", err)
	}
	if r.With, err = in.once(ctx, true); err != nil {
		return r, fmt.Errorf("with policies: %w", err)
	}
	return r, nil
}

func (in incident) once(ctx context.Context, guarded bool) (r *run, err error) {
	s := &stage{}
	defer func() { err = errors.Join(err, s.close()) }()
	c, err := in.setUp(s, guarded)
	if err != nil {
		return nil, err
	}
	if err := c.connected(ctx, s.called); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.rec.zero = time.Now().Add(warmUp)
	var failed error
	s.jobs.Go(func() { failed = in.breakIt(ctx, s) })
	s.load(ctx, c.call, in.due, in.impatient)
	s.jobs.Wait()
	if err := errors.Join(failed, context.Cause(ctx)); err != nil {
		return nil, err
	}
	return s.rec.run(in, s.last()), nil
}

// breakIt makes the fault and ends it.
func (in incident) breakIt(ctx context.Context, s *stage) error {
	for _, step := range []struct {
		at time.Duration
		do func(*stage) error
	}{{in.fault.from, in.begin}, {in.fault.to, in.end}} {
		if err := pause(ctx, time.Until(s.rec.zero.Add(step.at))); err != nil {
			return err
		}
		if step.do != nil {
			if err := step.do(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// due is how many calls have begun by then, and whether more are to come.
func (in incident) due(at time.Duration) (calls int, more bool) {
	wrong := min(max(at-in.fault.from, 0), in.fault.to-in.fault.from)
	n := float64(in.rate) * (warmUp + at - wrong).Seconds()
	n += float64(max(in.peak, in.rate)) * wrong.Seconds()
	return int(n), at < in.length
}

// impatient says whether the caller of a call that begins now is in a hurry.
func (in incident) impatient(at time.Duration) bool {
	return in.leave && at >= in.fault.from && at < in.fault.to && rand.IntN(2) == 0
}

// pause waits, if not for less than nothing.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
