package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
)

// Conditions, for within and eventually. Each looks anew.

// exited is that the process is gone, and its last words were read.
func exited(in *instance) func() bool {
	return func() bool {
		select {
		case <-in.heard:
			return !in.child.alive()
		default:
			return false
		}
	}
}

// answers is that an instance says it is ready.
func (t *trial) answers(in *instance) func() bool {
	return func() bool {
		_, err := fetch(t.ctx, http.MethodGet, "http://"+in.addr+"/readyz")
		return err == nil
	}
}

// isListed is that the registry lists an instance as one to call.
func (t *trial) isListed(in *instance) func() bool {
	return func() bool {
		s, ok := t.listed()
		return ok && callable(s, in)
	}
}

// unlisted is that it answers, and does not.
func (t *trial) unlisted(in *instance) func() bool {
	return func() bool {
		s, ok := t.listed()
		return ok && !callable(s, in)
	}
}

// removed is that it answers, and does not even list it as one not to call.
func (t *trial) removed(in *instance) func() bool {
	return func() bool {
		s, ok := t.listed()
		return ok && !present(s, in)
	}
}

// isKnown is that the consumer's callers may be sent to an instance.
func (t *trial) isKnown(in *instance) func() bool {
	return func() bool { return callable(t.consumer.now(), in) }
}

// unknown is that they may not.
func (t *trial) unknown(in *instance) func() bool {
	return func() bool { return !callable(t.consumer.now(), in) }
}

func callable(s history.Sighting, in *instance) bool {
	return slices.Contains(s.Members, history.Member{ID: in.id, Addr: in.addr, Callable: true})
}

func present(s history.Sighting, in *instance) bool {
	return slices.ContainsFunc(s.Members, func(m history.Member) bool { return m.ID == in.id })
}

// living are the instances that have not been ended.
func (t *trial) living() (some []*instance) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, in := range t.members {
		if o := t.history.Owners[in.owner]; o.End.IsZero() && !o.Waits {
			some = append(some, in)
		}
	}
	return some
}

// allListed is that the registry lists every living instance as one to call.
func (t *trial) allListed() bool {
	s, ok := t.listed()
	return ok && everyone(s, t.living())
}

// allKnown is that callers may be sent to every living instance.
func (t *trial) allKnown() bool { return everyone(t.consumer.now(), t.living()) }

func everyone(s history.Sighting, some []*instance) bool {
	return !slices.ContainsFunc(some, func(in *instance) bool { return !callable(s, in) })
}

// allHeld is that every living instance takes itself for registered.
func (t *trial) allHeld() bool {
	for _, in := range t.living() {
		t.mu.Lock()
		held := t.history.Owners[in.owner].Held
		good := len(held) > 0 && held[len(held)-1].To.IsZero()
		t.mu.Unlock()
		if !good {
			return false
		}
	}
	return true
}

// stale is that the consumer knows that its source fails.
func (t *trial) stale() bool {
	s, _ := t.consumer.instances.Snapshot()
	return s.Err != nil
}

// synced is that its source works.
func (t *trial) synced() bool {
	s, _ := t.consumer.instances.Snapshot()
	return s.Synced && s.Err == nil
}

// age is how long ago something happened, for notes.
func age(at time.Time) time.Duration { return time.Since(at).Round(time.Millisecond) }
