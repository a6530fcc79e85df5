package stub

import (
	"maps"
	"sync"
	"sync/atomic"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/sd"
)

// feed is the instances of a connection, as its pool sees them. A feed is made by
// newFeed.
type feed struct {
	unreachable atomic.Pointer[told] // who wants to know; may be nil

	mu       sync.Mutex // guards what follows
	set      []sd.Instance
	reported map[string]float64 // weights, by ID
	snap     sd.Snapshot        // of both
	newer    chan struct{}
}

var (
	_ kitsd.Instancer = (*feed)(nil)
	_ sd.Source       = (*feed)(nil)
)

func newFeed() *feed { return &feed{newer: make(chan struct{})} }

// replace makes set the instances.
func (f *feed) replace(set []sd.Instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set = set
	f.publish()
}

// weigh makes the instances weigh what they reported.
func (f *feed) weigh(reported map[string]float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.snap.Synced && !maps.Equal(f.reported, reported) {
		f.reported = reported
		f.publish()
	}
}

// publish tells readers. f.mu must be held.
func (f *feed) publish() {
	f.snap = sd.Snapshot{Instances: weighed(f.set, f.reported), Synced: true}
	close(f.newer)
	f.newer = make(chan struct{})
}

// Snapshot implements sd.Source.
func (f *feed) Snapshot() (sd.Snapshot, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snap, f.newer
}

// Unreachable hands on that an instance refuses connections.
func (f *feed) Unreachable(id string) {
	if t := f.unreachable.Load(); t != nil {
		t.instances.Unreachable(id)
	}
}

// Register, Deregister and Stop are what else go-kit wants; a pool reads Snapshot.
func (*feed) Register(chan<- kitsd.Event) {}

// Deregister does nothing.
func (*feed) Deregister(chan<- kitsd.Event) {}

// Stop does nothing.
func (*feed) Stop() {}
