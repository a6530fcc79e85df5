package sdtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/kitgen/kitgen/sd"
)

// ErrAway is wrapped by what Memory's Hold and Watch return during an Outage.
var ErrAway = errors.New("registry is away")

// Memory is a registry within the process, for tests of what stands above
// one: several services, instances that come and go, outages. The zero value
// is ready. It starts no goroutine. All methods may be called from anywhere.
type Memory struct {
	mu       sync.Mutex // guards the fields below
	away     bool
	services map[string]map[string]*entry
	watches  map[*memoryWatch]bool
}

// entry is one registration.
type entry struct {
	in     sd.Instance
	lost   chan struct{} // closed when the holder has lost it
	orphan bool          // lost is closed: nobody holds it
}

type memoryHolder struct {
	m       *Memory
	service string
}

// Holder registers instances of service.
func (m *Memory) Holder(service string) sd.Holder { return memoryHolder{m, service} }

// Lose removes an instance behind the back of its holder, whose Hold returns.
func (m *Memory) Lose(service, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.services[service][id]
	if e == nil {
		return fmt.Errorf("lose %q of %q: not registered", id, service)
	}
	e.lose()
	m.remove(service, id)
	return nil
}

// Poison lists an entry of service that nobody could call: its address is
// none.
func (m *Memory) Poison(service string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	in := sd.Instance{ID: "poison", Addr: "not an address"}
	m.put(service, &entry{in: in, lost: make(chan struct{}), orphan: true})
	return nil
}

// Outage makes every Hold and Watch, present and future, fail until Heal. What
// is registered stays registered.
func (m *Memory) Outage() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = true
	for _, service := range m.services {
		for _, e := range service {
			e.lose()
		}
	}
	for w := range m.watches {
		w.away = true
		w.ring()
	}
}

// Heal ends an Outage.
func (m *Memory) Heal() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = false
}

// Hold is sd.Holder's.
func (h memoryHolder) Hold(ctx context.Context, in sd.Instance, held func()) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e, id, err := h.m.add(h.service, in)
	if err != nil {
		return err
	}
	held()
	select {
	case <-e.lost:
		return fmt.Errorf("hold %q: registration lost", id)
	case <-ctx.Done():
		return h.m.leave(h.service, id, e)
	}
}

func (m *Memory) add(service string, in sd.Instance) (e *entry, id string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := in.Validate(); err != nil {
		return nil, "", fmt.Errorf("register with %s: %w", service, err)
	}
	if in.ID == "" {
		in.ID = in.Addr
	}
	if m.away {
		return nil, "", fmt.Errorf("register %q: %w", in.ID, ErrAway)
	}
	if old := m.services[service][in.ID]; old != nil && !old.orphan {
		return nil, "", fmt.Errorf("register %q: somebody else holds that ID", in.ID)
	}
	in.Tags, in.Meta = slices.Clone(in.Tags), maps.Clone(in.Meta)
	e = &entry{in: in, lost: make(chan struct{})}
	m.put(service, e)
	return e, in.ID, nil
}

func (m *Memory) put(service string, e *entry) {
	if m.services == nil {
		m.services = map[string]map[string]*entry{}
	}
	if m.services[service] == nil {
		m.services[service] = map[string]*entry{}
	}
	m.services[service][e.in.ID] = e
	m.tell(service)
}

func (m *Memory) leave(service, id string, e *entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return fmt.Errorf("leave %q: %w", id, ErrAway)
	}
	if m.services[service][id] != e {
		return nil // already gone
	}
	e.in.State = sd.Draining
	m.tell(service)
	m.remove(service, id)
	return nil
}

// lose tells the holder of e, if it has one.
func (e *entry) lose() {
	if !e.orphan {
		close(e.lost)
		e.orphan = true
	}
}

func (m *Memory) remove(service, id string) {
	delete(m.services[service], id)
	m.tell(service)
}
