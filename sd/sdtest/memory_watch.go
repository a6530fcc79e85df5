package sdtest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kitgen/kitgen/sd"
)

type memoryWatcher struct {
	m       *Memory
	service string
}

// memoryWatch is one Watch. Each gets every set, so that a Draining state is
// never skipped.
type memoryWatch struct {
	service string
	queue   [][]sd.Instance
	away    bool
	wake    chan struct{} // has one token while there is something new
}

// Watcher watches the instances of service.
func (m *Memory) Watcher(service string) sd.Watcher { return memoryWatcher{m, service} }

// Watch is sd.Watcher's.
func (w memoryWatcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	x := w.m.open(w.service)
	defer w.m.close(x)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-x.wake:
		}
		sets, away := w.m.take(x)
		for _, set := range sets {
			update(set)
		}
		if away {
			return fmt.Errorf("watch %q: %w", w.service, ErrAway)
		}
	}
}

func (m *Memory) open(service string) *memoryWatch {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := &memoryWatch{service: service, away: m.away, wake: make(chan struct{}, 1)}
	if !m.away {
		x.queue = append(x.queue, m.list(service))
	}
	x.ring()
	if m.watches == nil {
		m.watches = map[*memoryWatch]bool{}
	}
	m.watches[x] = true
	return x
}

func (m *Memory) close(x *memoryWatch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.watches, x)
}

func (m *Memory) take(x *memoryWatch) (sets [][]sd.Instance, away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sets, x.queue = x.queue, nil
	return sets, x.away
}

// tell queues the present set for all who watch service.
func (m *Memory) tell(service string) {
	for x := range m.watches {
		if x.service == service {
			x.queue = append(x.queue, m.list(service))
			x.ring()
		}
	}
}

func (x *memoryWatch) ring() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (m *Memory) list(service string) []sd.Instance {
	set := make([]sd.Instance, 0, len(m.services[service]))
	for _, id := range slices.Sorted(maps.Keys(m.services[service])) {
		set = append(set, m.services[service][id].in)
	}
	return set
}
