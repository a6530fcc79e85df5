package sd

import (
	"context"
	"time"

	"github.com/go-kit/log"
)

const (
	// rests is how many times the length of a publish the curator idles after
	// it, so that churn in a huge service costs a fifth of a core at most.
	rests   = 4
	maxRest = 250 * time.Millisecond

	maxFaultLines = 8 // logged per set
)

// curator turns mail into Snapshots. It lives on one goroutine.
type curator struct {
	transport string
	policy    protector
	state     Snapshot
	publish   func(Snapshot)
	logger    log.Logger
	faults    map[string]string // what was last logged, by ID
}

func newCurator(cfg InstancerConfig, publish func(Snapshot)) *curator {
	return &curator{
		transport: cfg.Transport,
		policy:    protector{off: cfg.Protection == Off, holdFor: orDefault(cfg.HoldFor, time.Minute)},
		publish:   publish,
		logger:    cfg.Logger,
	}
}

// run publishes what arrives in b, and what time alone changes, until ctx ends.
func (c *curator) run(ctx context.Context, b *inbox) {
	timer := time.NewTimer(0)
	timer.Stop() // nothing is due yet
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		case <-timer.C:
		}
		start := time.Now()
		c.step(start, b.take())
		if at, ok := c.policy.next(); ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Stop()
		}
		if rest := rests * time.Since(start); rest > time.Millisecond && !pause(ctx, min(rest, maxRest)) {
			return
		}
	}
}

// step is one turn: mail, which may be empty, at now.
func (c *curator) step(now time.Time, m mail) {
	next := Snapshot{Synced: c.state.Synced || m.isSet, Err: c.state.Err}
	if m.isSet {
		good, faults := clean(m.set, c.transport)
		c.policy.update(now, good, evidence{drained: m.drained, garbled: c.complain(faults)})
	}
	if m.isErr {
		next.Err = m.err
	}
	if next.Err != nil {
		c.policy.fail()
	}
	c.policy.advance(now)
	next.Instances, next.Held = c.policy.published()
	c.report(next)
	if next.Synced == c.state.Synced && next.Held == c.state.Held && sameError(next.Err, c.state.Err) && equalSets(next.Instances, c.state.Instances) {
		return
	}
	c.state = next
	c.publish(next)
}

// complain logs each fault once, when it is new, and returns the IDs.
func (c *curator) complain(faults []fault) map[string]bool {
	if len(faults) == 0 {
		c.faults = nil
		return nil
	}
	known := make(map[string]string, len(faults))
	garbled := make(map[string]bool, len(faults))
	lines := 0
	for _, f := range faults {
		known[f.id], garbled[f.id] = f.err.Error(), true
		if c.faults[f.id] == known[f.id] {
			continue
		}
		if lines++; lines <= maxFaultLines {
			_ = c.logger.Log("msg", "instance left out", "id", clip(f.id), "err", f.err)
		}
	}
	if lines > maxFaultLines {
		_ = c.logger.Log("msg", "more instances left out", "count", lines-maxFaultLines)
	}
	c.faults = known
	return garbled
}

// report logs what changes from c.state to next, if that concerns an operator.
func (c *curator) report(next Snapshot) {
	switch was, is := c.state.Err, next.Err; {
	case was == nil && is != nil:
		_ = withStack(c.logger, is).Log("msg", "watch broke; keeping what is known and trying again", "instances", len(next.Instances), "err", is)
	case was != nil && is == nil:
		_ = c.logger.Log("msg", "watch works again", "instances", len(next.Instances))
	}
	switch was, is := c.state.Held, next.Held; {
	case is > 0 && was == 0:
		_ = c.logger.Log("msg", "registry lost many instances at once; keeping them for now", "lost", is, "of", len(next.Instances))
	case is == 0 && was > 0:
		_ = c.logger.Log("msg", "held instances are back, or believed to be gone", "instances", len(next.Instances))
	}
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Error() == b.Error()
}
