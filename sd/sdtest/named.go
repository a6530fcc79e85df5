package sdtest

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/kitgen/kitgen/sd"
)

// nameplates remember which instance was registered at which address, and name
// accordingly what a registry without IDs reports.
type nameplates struct {
	mu  sync.Mutex                   // guards ids
	ids map[string]map[string]string // service, address, ID
}

type namedHolder struct {
	sd.Holder

	plates  *nameplates
	service string
}

type namedWatcher struct {
	sd.Watcher

	plates  *nameplates
	service string
}

// named gives what b reports the IDs that were registered.
func named(b Backend) Backend {
	n := &nameplates{ids: map[string]map[string]string{}}
	holder, watcher := b.Holder, b.Watcher
	b.Holder = func(service string) sd.Holder { return namedHolder{holder(service), n, service} }
	b.Watcher = func(service string) sd.Watcher { return namedWatcher{watcher(service), n, service} }
	return b
}

// Hold is sd.Holder's.
func (h namedHolder) Hold(ctx context.Context, in sd.Instance, held func()) error {
	h.plates.note(h.service, in)
	return h.Holder.Hold(ctx, in, held)
}

// Watch is sd.Watcher's.
func (w namedWatcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	return w.Watcher.Watch(ctx, func(set []sd.Instance) { update(w.plates.name(w.service, set)) })
}

func (n *nameplates) note(service string, in sd.Instance) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ids[service] == nil {
		n.ids[service] = map[string]string{}
	}
	n.ids[service][in.Addr] = cmp.Or(in.ID, in.Addr)
}

func (n *nameplates) name(service string, set []sd.Instance) []sd.Instance {
	n.mu.Lock()
	defer n.mu.Unlock()
	set = slices.Clone(set)
	for i, in := range set {
		if id := n.ids[service][in.Addr]; id != "" && (in.ID == "" || in.ID == in.Addr) {
			set[i].ID = id
		}
	}
	return set
}
