package lb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kitgen/kitgen/sd"
)

// SubsetWatcher is Subset before a pool, which then does not connect to anybody
// else, and before all that package sd does for a set. An instance that drains
// and would be a member is told of, beside the one in its place.
//
// For an Instancer that there is already, such as that of sd.Open:
//
//	few, err := lb.SubsetWatcher(sd.Merge(all), lb.SubsetConfig{Client: hostname})
//	instances := sd.NewInstancer(few, sd.InstancerConfig{Protection: sd.Off})
func SubsetWatcher(w sd.Watcher, cfg SubsetConfig) (sd.Watcher, error) {
	if w == nil {
		return nil, errors.New("lb: SubsetWatcher was given nobody to watch (nil): pass a Watcher")
	}
	if _, err := newSubset(cfg); err != nil {
		return nil, err
	}
	return &subsetWatcher{w, cfg}, nil
}

type subsetWatcher struct {
	all sd.Watcher
	cfg SubsetConfig
}

// Watch implements sd.Watcher.
func (w *subsetWatcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	c, err := newSubset(w.cfg)
	if err != nil {
		return err
	}
	return w.all.Watch(ctx, func(all []sd.Instance) { update(c.members(all)) })
}

// members returns the subset of all, in their order, and who drains.
func (c *subset) members(all []sd.Instance) []sd.Instance {
	staying := 0
	for i := range all {
		if all[i].State != sd.Draining {
			staying++
		}
	}
	if staying <= c.size {
		return all
	}
	c.adapt(staying)
	ranks := make([]uint64, 0, staying)
	for i := range all {
		if all[i].State != sd.Draining {
			ranks = append(ranks, c.rank(&all[i]))
		}
	}
	slices.Sort(ranks)
	var few []sd.Instance
	for i := range all {
		if c.rank(&all[i]) <= ranks[c.size-1] {
			few = append(few, all[i])
		}
	}
	return few
}

// Refused passes on what the watcher leaves out: see sd.Watcher.
func (w *subsetWatcher) Refused() map[string]error {
	if all, ok := w.all.(interface{ Refused() map[string]error }); ok {
		return all.Refused()
	}
	return nil
}

// Unreachable passes on what callers found out.
func (w *subsetWatcher) Unreachable(id string) {
	if all, ok := w.all.(interface{ Unreachable(id string) }); ok {
		all.Unreachable(id)
	}
}

// String names what is watched.
func (w *subsetWatcher) String() string {
	name := fmt.Sprintf("%T", w.all)
	if all, ok := w.all.(fmt.Stringer); ok {
		name = all.String()
	}
	return "a part of " + name
}
