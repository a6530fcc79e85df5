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
	known  sd.Snapshot
	newer  chan struct{}
	number map[string]int // server by address
}

var _ sd.Source = (*roster)(nil)

func newRoster(servers []Server) *roster {
	r := &roster{newer: make(chan struct{}), number: make(map[string]int)}
	r.known.Synced = true
	for i, s := range servers {
		name := fmt.Sprintf("server-%04d", i+1)
		in := sd.Instance{ID: name, Addr: name + ":80", Weight: s.Weight}
		r.known.Instances = append(r.known.Instances, in)
		r.number[in.Addr] = i
	}
	return r
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
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.number[addr]
	if !ok {
		return nil, nil, fmt.Errorf("no server is at %s", addr)
	}
	return instance(n), nil, nil
}
