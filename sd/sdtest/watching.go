package sdtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kitgen/kitgen/sd"
)

// watching is a Watch under way, and all that it reported.
type watching struct {
	c      *check
	cancel context.CancelFunc
	done   chan struct{} // closed when Watch has returned err
	err    error
	read   int // how many sets await has consumed

	mu   sync.Mutex // guards the fields below
	sets [][]sd.Instance
	more chan struct{} // closed when another set has arrived
}

// watch watches the case's service. It is ended and joined with the case.
func (c *check) watch() *watching { return c.watchAs(c.service) }

func (c *check) watchAs(service string) *watching {
	return c.watchBy(context.WithoutCancel(c.Context()), c.Watcher(service))
}

func (c *check) watchBy(ctx context.Context, watcher sd.Watcher) *watching {
	ctx, cancel := context.WithCancel(ctx)
	w := &watching{c: c, cancel: cancel, done: make(chan struct{}), more: make(chan struct{})}
	go func() {
		defer close(w.done)
		w.err = watcher.Watch(ctx, w.update)
	}()
	c.Cleanup(func() {
		cancel()
		w.ended()
	})
	return w
}

func (w *watching) update(set []sd.Instance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sets = append(w.sets, slices.Clone(set))
	close(w.more)
	w.more = make(chan struct{})
}

// history is every set so far.
func (w *watching) history() [][]sd.Instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sets)
}

// await returns the first set, after the one it returned before, that is as
// wanted.
func (w *watching) await(want string, is func([]sd.Instance) bool) []sd.Instance {
	w.c.Helper()
	late, stop := w.c.deadline()
	defer stop()
	for {
		w.mu.Lock()
		sets, more := w.sets, w.more
		w.mu.Unlock()
		for ; w.read < len(sets); w.read++ {
			if is(sets[w.read]) {
				w.read++
				return sets[w.read-1]
			}
		}
		select {
		case <-more:
		case <-w.done:
			w.c.broken("wanted %s; Watch returned %v after %s", want, w.err, show(w.history()))
		case <-late:
			w.c.broken("wanted %s within %s; saw %s", want, w.c.Patience, show(w.history()))
		}
	}
}

// awaitIDs waits for exactly these instances.
func (w *watching) awaitIDs(ids ...string) []sd.Instance {
	w.c.Helper()
	slices.Sort(ids)
	return w.await(fmt.Sprintf("exactly %q", ids), func(set []sd.Instance) bool { return slices.Equal(idsOf(set), ids) })
}

// ended joins the Watch, with the usual patience.
func (w *watching) ended() bool {
	late, stop := w.c.deadline()
	defer stop()
	select {
	case <-w.done:
		return true
	case <-late:
		return false
	}
}

func idsOf(set []sd.Instance) []string {
	ids := make([]string, 0, len(set))
	for _, in := range set {
		ids = append(ids, cmp.Or(in.ID, in.Addr))
	}
	slices.Sort(ids)
	return ids
}

func find(set []sd.Instance, id string) (sd.Instance, bool) {
	for _, in := range set {
		if cmp.Or(in.ID, in.Addr) == id {
			return in, true
		}
	}
	return sd.Instance{}, false
}

// show prints the last sets of a history, IDs and states only.
func show(sets [][]sd.Instance) string {
	if len(sets) == 0 {
		return "no set at all"
	}
	const most = 6
	var b strings.Builder
	fmt.Fprintf(&b, "%d sets", len(sets))
	if len(sets) > most {
		fmt.Fprintf(&b, ", the last %d being", most)
		sets = sets[len(sets)-most:]
	}
	for _, set := range sets {
		b.WriteString(" [")
		for i, in := range set {
			if i > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%q", cmp.Or(in.ID, in.Addr))
			if in.State != sd.Up {
				b.WriteString("(" + in.State.String() + ")")
			}
		}
		b.WriteByte(']')
	}
	return b.String()
}
