package sdtest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/kitgen/kitgen/sd"
)

// publisher makes a Holder of Backend.Publish: whoever holds is in the set.
type publisher struct {
	publish func(service string, set []sd.Instance) error

	mu       sync.Mutex // guards the field below, and keeps calls of publish apart
	services map[string]map[string]sd.Instance
}

type publishedHolder struct {
	p       *publisher
	service string
}

// published gives b the Holder that it lacks.
func published(b Backend) Backend {
	p := &publisher{publish: b.Publish, services: map[string]map[string]sd.Instance{}}
	b.Holder = func(service string) sd.Holder { return publishedHolder{p, service} }
	watcher := b.Watcher
	b.Watcher = func(service string) sd.Watcher {
		_ = p.open(service) // Hold tells, and a Watch that finds nothing
		return watcher(service)
	}
	return b
}

// Hold is sd.Holder's.
func (h publishedHolder) Hold(ctx context.Context, in sd.Instance, held func()) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	in.ID = cmp.Or(in.ID, in.Addr)
	if err := h.p.change(h.service, func(set map[string]sd.Instance) { set[in.ID] = in }); err != nil {
		return fmt.Errorf("publish %q: %w", in.ID, err)
	}
	held()
	<-ctx.Done()
	return h.p.change(h.service, func(set map[string]sd.Instance) { delete(set, in.ID) })
}

// open publishes nobody for a service that was never touched.
func (p *publisher) open(service string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.services[service] != nil {
		return nil
	}
	p.services[service] = map[string]sd.Instance{}
	return p.publish(service, nil)
}

func (p *publisher) change(service string, edit func(map[string]sd.Instance)) error {
	if err := p.open(service); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	set := p.services[service]
	edit(set)
	var list []sd.Instance
	for _, id := range slices.Sorted(maps.Keys(set)) {
		list = append(list, set[id])
	}
	return p.publish(service, list)
}
