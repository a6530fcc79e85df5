package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Cluster is several servers that elect a leader, each a Process that can be
// ended, frozen and started again on its own. It dies with this process.
// Methods may be called from any goroutine.
type Cluster struct {
	kind    kind
	dir     string
	ownDir  bool
	members []*Process
}

// ErrNoLeader is the error of Leader when the members agreed on none in time.
var ErrNoLeader = errors.New("the members follow no leader")

// startCluster builds k if need be and runs n members on free ports.
func startCluster(ctx context.Context, k kind, n int, opts Options) (*Cluster, error) {
	if n < 2 {
		return nil, fmt.Errorf("start a cluster of %d %s: a cluster has two members or more; start one alone", n, k.name)
	}
	bin, err := k.program(ctx, opts.progress())
	if err != nil {
		return nil, err
	}
	c := &Cluster{kind: k}
	if c.dir, c.ownDir, err = opts.folder(k.name); err != nil {
		return nil, err
	}
	for i := range n {
		dir := filepath.Join(c.dir, fmt.Sprintf("%s-%d", k.name, i))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", k.name, err), c.Close())
		}
		p, err := newProcess(k, bin, dir, opts.TLS)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.members = append(c.members, p)
	}
	if err := launch(ctx, c.members); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if err := c.settle(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start a cluster of %d %s: %w", n, k.name, err), c.Close())
	}
	return c, nil
}

// Members returns all of them, those that are down too, in an order that
// stays.
func (c *Cluster) Members() []*Process { return append([]*Process(nil), c.members...) }

// Endpoints is where clients connect: the Endpoint of every member, in the
// order of Members. It stays the same.
func (c *Cluster) Endpoints() []string {
	endpoints := make([]string, len(c.members))
	for i, p := range c.members {
		endpoints[i] = p.Endpoint()
	}
	return endpoints
}

// Leader waits until more than half of all members answer and follow the same
// one, which is among them, and returns its index. If ctx ends first, the
// error matches ErrNoLeader and ctx's.
//
// A leader that is frozen does not answer, so Leader then waits for the next
// one; after a Thaw, the members may for a moment have no common opinion.
func (c *Cluster) Leader(ctx context.Context) (int, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last []view
	for {
		views := c.views(ctx)
		if i, ok := agreed(views); ok {
			return i, nil
		}
		if last == nil || ctx.Err() == nil { // else they only tell of its end
			last = views
		}
		select {
		case <-ctx.Done():
			return -1, fmt.Errorf("%w: %w; they last said: %s", ErrNoLeader, ctx.Err(), describe(last))
		case <-tick.C:
		}
	}
}

// Close kills the members, gives their ports back and removes their data if it
// was temporary. It may be called again.
func (c *Cluster) Close() error {
	err := all(c.members, (*Process).Close)
	if c.ownDir {
		err = errors.Join(err, os.RemoveAll(c.dir))
	}
	return err
}

// settle waits until a cluster that was just started does its work.
func (c *Cluster) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := c.Leader(ctx); err != nil {
		return err
	}
	for _, p := range c.members { // one by one: the first one may have to set things up
		if err := p.settle(ctx); err != nil {
			return fmt.Errorf("%s is not ready: %w; its log ends:\n%s", p.Endpoint(), err, p.LogTail())
		}
	}
	return nil
}

func (p *Process) settle(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.await(ctx, p.kind.settle)
}

// view is what one member says, or why it says nothing.
type view struct {
	self, leader string
	err          error
}

// views asks all members at the same time, for a second at most.
func (c *Cluster) views(ctx context.Context) []view {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	views := make([]view, len(c.members))
	var wg sync.WaitGroup
	for i, p := range c.members {
		wg.Go(func() { views[i] = p.view(ctx) })
	}
	wg.Wait()
	return views
}

func (p *Process) view(ctx context.Context) (v view) {
	if !p.mu.TryLock() { // whoever starts it may hold this for long
		return view{err: fmt.Errorf("%s is being started or ended", p.dir)}
	}
	ask, err := p.probe()
	p.mu.Unlock() // a member may be killed while it is asked
	if err != nil {
		return view{err: err}
	}
	v.self, v.leader, v.err = p.kind.view(ctx, ask)
	return v
}

// agreed returns the index of the one that is followed by all who answer, if
// they are more than half.
func agreed(views []view) (int, bool) {
	leader, answers := -1, 0
	name := ""
	for i, v := range views {
		switch {
		case v.err != nil:
			continue
		case answers > 0 && v.leader != name:
			return -1, false
		}
		name = v.leader
		answers++
		if v.self == v.leader {
			leader = i
		}
	}
	return leader, leader >= 0 && answers > len(views)/2
}

func describe(views []view) string {
	said := make([]string, len(views))
	for i, v := range views {
		if v.err != nil {
			said[i] = v.err.Error()
		} else {
			said[i] = fmt.Sprintf("%s follows %q", v.self, v.leader)
		}
	}
	return strings.Join(said, "; ")
}
