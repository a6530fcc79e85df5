package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
)

// service is what instances register as.
const service = "svc"

// ttl is the shortest that both registries' backends allow, so that rows in
// which something expires are short. Bounds that depend on it are written so.
const ttl = 6 * time.Second

// registry is what a row can ask any registry that it started.
type registry interface {
	// fleet and consumer are the targets for instances and for those who call
	// them, without parameters.
	fleet() string
	consumer() string
	// list asks directly, past every fault between, what is registered.
	list(ctx context.Context) (history.Sighting, error)
	// mark writes a number where list and consumers find it.
	mark(ctx context.Context, n int64) error
	close() error
}

// markerID is the entry that carries the number. It always says that it is
// draining, so that nobody calls it.
const markerID = "marker"

// draining is how an entry says so, in both registries.
const draining = "draining"

// nowhere is an address at which nobody listens.
const nowhere = "127.0.0.1:9"

// listed asks the registry once. An error is no answer.
func (t *trial) listed() (history.Sighting, bool) {
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	s, err := t.registry.list(ctx)
	return s, err == nil
}

// record asks the registry again and again what it lists.
func (t *trial) record(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t.mu.Lock()
		epoch := t.epoch
		t.mu.Unlock()
		at := time.Now()
		s, ok := t.listed()
		if !ok {
			continue
		}
		s.At, s.Epoch = at, epoch
		t.mu.Lock()
		t.history.Listed = append(t.history.Listed, s)
		t.mu.Unlock()
	}
}

// markers counts up in the registry, and remembers when.
type markers struct{ at []time.Time } // of number i+1: when its writing had been confirmed; guarded by trial.mu

// tick writes a new number twice a second, or as often as the row says.
func (t *trial) tick(ctx context.Context) {
	tick := time.NewTicker(cmp.Or(t.markEvery, 500*time.Millisecond))
	defer tick.Stop()
	for n := int64(1); ; n++ {
		one, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := t.registry.mark(one, n)
		cancel()
		at := time.Now()
		t.mu.Lock()
		if err != nil {
			at = time.Time{}
			t.history.Doubtful = append(t.history.Doubtful, n)
		}
		t.markers.at = append(t.markers.at, at)
		t.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// fresh is the condition that callers see something that was written since the
// last fault or heal.
func (t *trial) fresh() bool {
	seen := t.consumer.now().Marker
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.markers.at, func(at time.Time) bool { return at.After(t.since) })
	return i >= 0 && seen >= int64(i+1)
}

// withParams is a target with parameters.
func withParams(target string, params ...string) string {
	if len(params) == 0 {
		return target
	}
	return target + "?" + strings.Join(params, "&")
}
