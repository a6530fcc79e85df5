package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
)

// feed is a source of instances that says what it is told to.
type feed struct {
	mu    sync.Mutex
	now   sd.Snapshot
	newer chan struct{}
}

var (
	_ kitsd.Instancer = (*feed)(nil)
	_ sd.Source       = (*feed)(nil)
)

func (f *feed) Snapshot() (sd.Snapshot, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now, f.newer
}

func (f *feed) say(all []sd.Instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = sd.Snapshot{Instances: all, Synced: true}
	close(f.newer)
	f.newer = make(chan struct{})
}

// A pool reads snapshots, and has no use for events.
func (*feed) Register(chan<- kitsd.Event)   {}
func (*feed) Deregister(chan<- kitsd.Event) {}
func (*feed) Stop()                         {}

// ownPool is a pool whose set is changed from here.
type ownPool struct {
	*lb.Pool

	feed *feed
	more []sd.Instance // one more than the pool begins with
}

// openPool returns a pool of n connected instances.
func openPool(n int, cfg lb.PoolConfig) (*ownPool, error) {
	p := &ownPool{feed: &feed{newer: make(chan struct{})}, more: make([]sd.Instance, n+1)}
	for i := range p.more {
		p.more[i] = sd.Instance{ID: fmt.Sprintf("svc-%06d", i), Addr: addr(i), Weight: weight(i)}
	}
	factory := func(string) (endpoint.Endpoint, io.Closer, error) { return nop, nil, nil }
	p.Pool = lb.NewPool(p.feed, factory, cfg)
	if err := p.resize(n); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// resize makes the set the first size instances, and waits until they can be picked.
func (p *ownPool) resize(size int) error {
	all := make([]sd.Instance, size) // every registry's client makes it anew
	copy(all, p.more)
	p.feed.say(all)
	return until("the pool", func() bool {
		now, err := p.Endpoints()
		return err == nil && len(now) == size
	})
}

func (p *ownPool) close() { _ = p.Close() }
