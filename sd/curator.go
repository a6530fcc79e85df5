package sd

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log"
)

const (
	// rests is how many times the length of a publish the curator idles after
	// it, so that churn in a huge service costs a fifth of a core at most.
	rests   = 4
	maxRest = 250 * time.Millisecond

	maxFaultLines = 8           // logged per set
	faultEvery    = time.Minute // logged of one entry, however often it changes
)

// curator turns mail into Snapshots. Its loop runs on one goroutine.
type curator struct {
	transport string
	publish   func(Snapshot)
	logger    log.Logger
	count     *counters
	file      *setFile                // of InstancerConfig.SnapshotFile; nil if there is none
	refused   func() map[string]error // of a Watcher that leaves out entries itself; nil of others

	mu     sync.Mutex // guards the fields below, which only the loop changes
	policy protector
	state  Snapshot
	faults map[string]complaint // why entries that are listed now cannot be used, by ID
	logged map[string]time.Time // of which entries within the last faultEvery
}

// complaint is why an entry cannot be used.
type complaint struct {
	text  string
	since time.Time
}

func newCurator(cfg InstancerConfig, publish func(Snapshot)) *curator {
	return &curator{
		transport: cfg.Transport,
		policy:    protector{off: cfg.Protection == Off, holdFor: orDefault(cfg.HoldFor, time.Minute)},
		publish:   publish,
		logger:    cfg.Logger,
		count:     new(counters),
	}
}

// run publishes what arrives in b, and what time alone changes, until ctx ends.
func (c *curator) run(ctx context.Context, b *inbox) {
	timer := time.NewTimer(0)
	timer.Stop() // nothing is due yet
	defer timer.Stop()
	var late <-chan time.Time // for the registry's first answer
	if c.file != nil {
		patience := time.NewTimer(snapshotAfter)
		defer patience.Stop()
		late = patience.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		case <-timer.C:
		case <-late:
			c.restore()
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

// restore shows what an earlier run knew, if the registry has not answered yet.
func (c *curator) restore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Synced {
		return
	}
	if r, ok := c.file.load(c.logger); ok {
		next := c.state
		next.Instances, next.Saved = r.Instances, r.SavedAt
		c.count.doubted.Store(int64(len(r.Instances)))
		c.state = next
		c.publish(next)
	}
}

// step is one turn: mail, which may be empty, at now.
func (c *curator) step(now time.Time, m mail) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := Snapshot{Synced: c.state.Synced || m.isSet, Err: c.state.Err}
	if m.isSet {
		good, faults := clean(m.set, c.transport)
		if c.refused != nil {
			for id, err := range c.refused() {
				faults = append(faults, fault{id, err})
			}
		}
		if !c.state.Synced {
			c.first(now, good)
		}
		c.policy.update(now, good, evidence{drained: m.drained, garbled: c.complain(now, faults)})
	}
	if m.isErr {
		next.Err = m.err
		if m.err != nil {
			c.count.breaks.Add(1)
		}
	}
	if next.Err != nil {
		c.policy.fail()
	}
	if len(m.refused) > 0 {
		before := len(c.policy.members)
		c.policy.drop(now, m.refused)
		c.count.unreachable.Add(uint64(before - len(c.policy.members)))
	}
	c.policy.advance(now)
	if next.Synced {
		next.Instances, next.Held = c.policy.published()
	} else {
		next.Saved = c.state.Saved
		next.Instances = slices.DeleteFunc(slices.Clone(c.state.Instances), func(in Instance) bool { return m.refused[in.ID] })
	}
	c.count.doubted.Store(int64(c.policy.doubted(next)))
	c.report(next)
	if next.Synced == c.state.Synced && next.Held == c.state.Held && sameError(next.Err, c.state.Err) && equalSets(next.Instances, c.state.Instances) {
		return
	}
	c.state = next
	c.publish(next)
}

// first takes the registry's first answer. What an earlier run knew is replaced
// by it as a whole; but an answer that names nobody may come from a registry
// that was wiped while we were away, and then it is held.
func (c *curator) first(now time.Time, good []Instance) {
	if c.file == nil || c.policy.off || len(good) > 0 {
		return
	}
	if !c.state.Saved.IsZero() {
		c.policy.remember(now, c.state.Instances)
	} else if r, ok := c.file.load(c.logger); ok {
		c.policy.remember(now, r.Instances)
	}
}

// complain logs each fault once, when it is new, unless there was one of the same
// entry just before, and returns the IDs.
func (c *curator) complain(now time.Time, faults []fault) map[string]bool {
	c.count.quarantined.Store(int64(len(faults)))
	if len(faults) == 0 {
		c.faults = nil
		return nil
	}
	if c.logged == nil {
		c.logged = map[string]time.Time{}
	}
	maps.DeleteFunc(c.logged, func(_ string, at time.Time) bool { return now.Sub(at) >= faultEvery })
	known := make(map[string]complaint, len(faults))
	garbled := make(map[string]bool, len(faults))
	lines := 0
	for _, f := range faults {
		text := f.err.Error()
		known[f.id], garbled[f.id] = complaint{text, now}, true
		if old, was := c.faults[f.id]; was && old.text == text {
			known[f.id] = old
			continue
		}
		c.count.refused.Add(1)
		if _, lately := c.logged[f.id]; lately {
			continue
		}
		c.logged[f.id] = now
		if lines++; lines <= maxFaultLines {
			_ = c.logger.Log("msg", "instance left out", "id", clip(withoutUser(f.id)), "err", f.err)
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
