package sim

import (
	"fmt"
	"io"
	"sync"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/sd"
)

// roster is the registry of a run: an sd.Source.
type roster struct {
	mu     sync.Mutex // guards what follows
	all    []sd.Instance
	known  sd.Snapshot
	newer  chan struct{}
	number map[string]int // server by address
}

var _ sd.Source = (*roster)(nil)

func newRoster(servers []Server) *roster {
	r := &roster{newer: make(chan struct{}), number: make(map[string]int)}
	for i, s := range servers {
		name := fmt.Sprintf("server-%04d", i+1)
		in := sd.Instance{ID: name, Addr: name + ":80", Weight: s.Weight}
		r.all = append(r.all, in)
		r.number[in.Addr] = i
	}
	r.publish()
	return r
}

// publish makes what is known of those that are there. The caller holds mu, or
// is the only one who knows r.
func (r *roster) publish() {
	r.known = sd.Snapshot{Synced: true}
	for _, in := range r.all {
		if in.State != gone {
			r.known.Instances = append(r.known.Instances, in)
		}
	}
}

// set changes the state of a server, and returns what is known then. One that
// comes back is another process, at another address.
func (r *roster) set(server int, state sd.State) []sd.Instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	in := &r.all[server]
	if in.State == gone && state == sd.Up {
		in.Addr = "again-" + in.Addr
		r.number[in.Addr] = server
	}
	in.State = state
	r.publish()
	close(r.newer)
	r.newer = make(chan struct{})
	return r.known.Instances
}

// Snapshot implements sd.Source.
func (r *roster) Snapshot() (sd.Snapshot, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known, r.newer
}

// Register does nothing: pools read Snapshot.
func (r *roster) Register(chan<- kitsd.Event) {}

// Deregister does nothing.
func (r *roster) Deregister(chan<- kitsd.Event) {}

// Stop does nothing.
func (r *roster) Stop() {}

// connect is the factory of a pool.
func (r *roster) connect(addr string) (endpoint.Endpoint, io.Closer, error) {
	return instance(r.at(addr)), nil, nil
}

// at returns the server at an address, which must be one that was published.
func (r *roster) at(addr string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.number[addr]
}
