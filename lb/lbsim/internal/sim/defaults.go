package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

func (sc Scenario) withDefaults() Scenario {
	orElse(&sc.Clients, 10)
	orElse(&sc.Delay, 250*time.Microsecond)
	orElse(&sc.Timeout, 2*time.Second)
	orElse(&sc.Warmup, 5*time.Second)
	orElse(&sc.Length, 30*time.Second)
	sc.Warmup = max(sc.Warmup, 0)
	sc.Cancel = sc.Cancel || sc.Abort
	sc.Service = sc.Service.withDefaults()
	sc.Servers = slices.Clone(sc.Servers)
	for i := range sc.Servers {
		s := &sc.Servers[i]
		orElse(&s.Workers, 4)
		orElse(&s.Speed, 1)
		orElse(&s.Weight, 1)
	}
	sc.Faults = slices.Clone(sc.Faults)
	for i := range sc.Faults {
		if f := &sc.Faults[i]; f.Kind == Fail {
			orElse(&f.Share, 1)
		}
	}
	return sc
}

func orElse[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate says what is wrong with a scenario, all of it.
func (sc Scenario) Validate() error { return sc.withDefaults().validate() }

func (sc Scenario) validate() error {
	var errs []error
	bad := func(when bool, format string, args ...any) {
		if when {
			errs = append(errs, fmt.Errorf("scenario %s: "+format, append([]any{sc.Name}, args...)...))
		}
	}
	bad(len(sc.Servers) == 0, "there are no servers: give it one or more")
	bad(!(sc.Rate > 0), "the rate is %g calls a second: make it more than 0", sc.Rate)
	bad(sc.Clients < 1, "there are %d clients: make it one or more", sc.Clients)
	bad(sc.Delay < 0, "the delay is %s: make it 0 or more", sc.Delay)
	bad(sc.Timeout <= 2*sc.Delay, "the timeout %s is no longer than a message there and back: make it longer", sc.Timeout)
	bad(sc.Length <= 0, "the length is %s: make it longer than 0", sc.Length)
	bad(sc.Service.Mean <= 0, "the mean service time is %s: make it longer than 0", sc.Service.Mean)
	bad(sc.Watch < 0 || sc.Watch > len(sc.Servers), "it watches server %d of %d: name one from 1", sc.Watch, len(sc.Servers))
	for i, s := range sc.Servers {
		bad(s.Workers < 1, "server %d has %d workers: make it one or more", i+1, s.Workers)
		bad(!(s.Speed > 0), "server %d has speed %g: make it more than 0", i+1, s.Speed)
		bad(s.Weight < 1, "server %d has weight %d: make it one or more", i+1, s.Weight)
	}
	if b := sc.Bursts; b != nil {
		bad(!(b.High > 0) || !(b.Low > 0), "bursts are %g and %g times the rate: make both more than 0", b.High, b.Low)
		bad(b.HighFor <= 0 || b.LowFor <= 0, "bursts last %s and %s: make both longer than 0", b.HighFor, b.LowFor)
	}
	if h := sc.Hiccups; h != nil {
		bad(!(h.Share > 0 && h.Share <= 1) || !(h.Factor > 0), "a share of %g takes %g times as long: make the first from more than 0 to 1, and the second more than 0", h.Share, h.Factor)
	}
	for i, f := range sc.Faults {
		if err := f.validate(len(sc.Servers)); err != nil {
			errs = append(errs, fmt.Errorf("scenario %s: fault %d: %w", sc.Name, i+1, err))
		}
	}
	return errors.Join(errs...)
}

func (f Fault) validate(servers int) error {
	for _, n := range f.Servers {
		if n < 1 || n > servers {
			return fmt.Errorf("server %d of %d: name one from 1", n, servers)
		}
	}
	if f.Kind < Slow || f.Kind > Restarts {
		return fmt.Errorf("kind %d: use one of the constants", f.Kind)
	}
	if f.At < 0 || f.For < 0 || f.Down < 0 {
		return fmt.Errorf("at %s for %s, down for %s: make all of them 0 or more", f.At, f.For, f.Down)
	}
	return f.validateDepth()
}

// validateDepth looks at the fields of the fault's kind.
func (f Fault) validateDepth() error {
	switch {
	case f.Kind == Slow && !(f.Speed >= 0): // or not a number
		return fmt.Errorf("speed %g: make it 0 or more", f.Speed)
	case f.Kind == Cold && (!(f.Speed > 0 && f.Speed <= 1) || f.For == 0):
		return fmt.Errorf("cold from speed %g for %s: make it from more than 0 to 1, for a time", f.Speed, f.For)
	case f.Kind == Fail && !(f.Share > 0 && f.Share <= 1):
		return fmt.Errorf("a share of %g fails: make it from more than 0 to 1", f.Share)
	case f.Kind == Antagonists, f.Kind == Pauses:
		return f.validateRepeated()
	}
	return nil
}

func (f Fault) validateRepeated() error {
	if f.Every <= 0 || !f.Last.valid() {
		return fmt.Errorf("every %s for %g to %g seconds: make the first longer than 0, and the others grow", f.Every, f.Last.From, f.Last.To)
	}
	if f.Kind == Antagonists && !f.Depth.valid() {
		return fmt.Errorf("speed falls to %g to %g: make the second no less than the first, and both 0 or more", f.Depth.From, f.Depth.To)
	}
	return nil
}

func (r Range) valid() bool { return r.From >= 0 && r.To >= r.From }
