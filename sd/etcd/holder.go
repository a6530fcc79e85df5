package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

var _ sd.Holder = (*Holder)(nil)

// ErrTaken is in the error of a Hold whose key belongs to another process. It
// never takes the key away from there; once the other has left, it can.
var ErrTaken = errors.New("instance ID is taken")

// Holder keeps instances of a service registered in etcd, each by a Hold of its
// own. It may be used by any number of goroutines.
type Holder struct {
	registry

	mu   sync.Mutex               // guards the field below
	lost map[string]*registration // by key; Holds that gave up while their lease may live on
}

// NewHolder makes a Holder for instances of service. It does not touch the
// network; Hold tells what is wrong with its arguments. The client stays the
// caller's to close, after the last Hold has returned.
func NewHolder(c *clientv3.Client, service string, cfg Config) *Holder {
	return &Holder{registry: newRegistry(c, service, cfg), lost: map[string]*registration{}}
}

// Hold registers in and keeps it registered until ctx ends; then it tells
// watchers that in is Draining, removes it, and returns nil if that worked
// within two seconds. A lease that was revoked, a key that was deleted or
// changed by hand, and an etcd that came back empty are repaired as soon as
// they are noticed, and held is called again.
//
// Hold gives up, for a Registrar to try again, when it cannot register, when
// etcd twice refuses its credentials, when etcd has not answered for a whole
// TTL, and with ErrTaken when the key belongs to another process. The lease
// stays, and the next Hold goes on with it. A process that starts
// where another one ended (the same ID and Addr) does take over: the newer one
// wins, the older waits.
func (h *Holder) Hold(ctx context.Context, in sd.Instance, held func()) error {
	r, err := h.open(in)
	if err != nil {
		return err
	}
	if err = h.run(ctx, r, held); ctx.Err() != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost[r.key] = r
	return err
}

// run holds r, and leaves once ctx has ended.
func (h *Holder) run(ctx context.Context, r *registration, held func()) error {
	reg, done, err := h.connect(ctx)
	if err != nil && ctx.Err() != nil && r.lease != clientv3.NoLease { // an earlier Hold's, which may live
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout/2)
		defer cancel()
		reg, done, err = h.connect(late)
	}
	switch {
	case err != nil && ctx.Err() != nil && r.lease == clientv3.NoLease:
		return nil
	case err != nil:
		return fmt.Errorf("register %s: %w", r.key, err)
	}
	defer done()
	r.registry = reg
	err = r.hold(ctx, held)
	if ctx.Err() != nil {
		return r.leave(ctx)
	}
	return reg.tls.explain(err)
}

// open returns the registration of in: the one that an earlier Hold lost, since
// its lease may still be good, or a new one.
func (h *Holder) open(in sd.Instance) (*registration, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	if in.ID == "" {
		in.ID = in.Addr
	}
	v, err := h.cfg.Layout.encode(in)
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", h.service, err)
	}
	key := h.cfg.Layout.key(h.prefix, in)
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.lost[key]
	delete(h.lost, key)
	if r == nil {
		r = &registration{registry: h.registry, key: key, verifyEvery: verifyEvery}
	}
	r.in, r.value = in, v
	return r, nil
}

const (
	leaveTimeout = 1900 * time.Millisecond // of leaving as a whole, to return within two seconds
	leaveTry     = 600 * time.Millisecond  // of each call it takes; the next one goes to another member
)

// leave says Draining, then removes the instance. The lease is revoked, not
// the key deleted: what a successor has put there hangs on another lease.
func (r *registration) leave(ctx context.Context) error {
	if r.lease == clientv3.NoLease {
		return nil
	}
	r.wake()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	_ = r.announce(ctx) // what counts is to be gone
	var err error
	for try := 0; try < 3 && ctx.Err() == nil; try++ {
		if err = r.revoke(ctx); err == nil {
			return nil
		}
	}
	return fmt.Errorf("leave %s, which etcd removes within %v: %w", r.key, r.ttl, err)
}
