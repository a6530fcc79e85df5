package etcd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// verifyEvery is how often the key is looked at although nothing was heard.
const verifyEvery = 30 * time.Second

// hold registers, then keeps the registration until ctx ends or it is lost.
func (r *registration) hold(ctx context.Context, held func()) error {
	r.wake()
	if _, err := r.establish(ctx); err != nil {
		return fmt.Errorf("register %s: %w", r.key, err)
	}
	held()
	k := &keeper{registration: r, held: held}
	if err := k.run(ctx); err != nil {
		return fmt.Errorf("hold %s: %w", r.key, err)
	}
	return nil
}

// keeper keeps a registration that has been established.
type keeper struct {
	*registration

	held     func()
	own      *stream // of what happens to the key
	opened   time.Time
	doubt    time.Time // since when the key may not be right; zero while it is
	failures int       // in a row
	next     *time.Timer
}

func (k *keeper) run(ctx context.Context) error {
	k.listen(ctx)
	defer func() { k.own.close() }()
	// A lease that an earlier Hold left may be due already.
	k.next = time.NewTimer(time.Until(k.renewed.Add(jitter(k.ttl/3, 0.1))))
	defer k.next.Stop()
	verify := time.NewTimer(jitter(k.verifyEvery, 0.2))
	defer verify.Stop()
	responses := k.own.responses
	for {
		select {
		case <-ctx.Done():
			return nil
		case resp, ok := <-responses:
			if !ok {
				responses = nil
				k.deaf()
				continue
			}
			if k.undisturbed(resp) {
				continue
			}
			k.suspect()
		case <-verify.C:
			k.suspect()
			verify.Reset(jitter(k.verifyEvery, 0.2))
		case <-k.next.C:
		}
		if err := k.reconcile(ctx); err != nil {
			return err
		}
		if responses == nil && k.failures == 0 {
			k.listen(ctx)
			responses = k.own.responses
		}
	}
}

// listen watches the key from where it was last known to be right.
func (k *keeper) listen(ctx context.Context) {
	if k.own != nil {
		k.own.close()
	}
	k.opened = time.Now()
	k.own = k.watch(ctx, &pb.WatchCreateRequest{Key: []byte(k.key), StartRevision: k.rev + 1}, 0)
}

// deaf takes the end of the watch for a sign that etcd has gone through
// something, and looks soon, though not at the same moment as everyone else.
// One that ends as soon as it is opened is no such sign.
func (k *keeper) deaf() {
	k.suspect()
	if time.Since(k.opened) > k.ttl/3 {
		k.next.Reset(rand.N(k.ttl / 30))
	}
}

// suspect makes the next round look at the key.
func (k *keeper) suspect() {
	if k.doubt.IsZero() {
		k.doubt = time.Now()
	}
}

// undisturbed tells whether all that happened to the key was us.
func (k *keeper) undisturbed(resp *pb.WatchResponse) bool {
	for _, ev := range resp.Events {
		if ev.Type == mvccpb.DELETE || ev.Kv == nil || !k.right(ev.Kv) {
			return false
		}
	}
	return true
}

// reconcile renews the lease, repairs what is wrong, and sets the time for the
// next round. It returns an error once the registration is lost.
func (k *keeper) reconcile(ctx context.Context) error {
	err := k.mend(ctx)
	switch {
	case ctx.Err() != nil:
		return nil //nolint:nilerr // it was told to leave, which is no failure
	case err == nil:
		k.failures = 0
		k.next.Reset(jitter(k.ttl/3, 0.1))
		return nil
	case k.lease == clientv3.NoLease, errors.Is(err, ErrTaken), time.Since(k.renewed) >= k.ttl,
		!k.doubt.IsZero() && time.Since(k.doubt) >= k.ttl:
		return err
	case refused(err) && k.failures > 0:
		return err // the next Hold may have other credentials; the lease waits for it
	}
	k.wake()
	k.next.Reset(k.pause())
	k.failures++
	return nil
}

func (k *keeper) mend(ctx context.Context) error {
	err := k.renew(ctx)
	if errors.Is(err, rpctypes.ErrLeaseNotFound) {
		k.drop()
		k.suspect()
		err = nil
	}
	if err != nil || k.doubt.IsZero() {
		return err
	}
	wrote, err := k.establish(ctx)
	if err != nil {
		return err
	}
	k.doubt = time.Time{}
	if wrote {
		k.held()
	}
	return nil
}

// pause is how long to wait after a failure: not at all after the first, as the
// next call goes to another member.
func (k *keeper) pause() time.Duration {
	if k.failures == 0 {
		return 0
	}
	limit := min(k.ttl/6, 2*time.Second)
	return jitter(min(limit, 100*time.Millisecond<<min(k.failures-1, 10)), 0.5)
}
