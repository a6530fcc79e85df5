package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

// registration is one instance's place in etcd: a key that hangs on a lease.
// One goroutine uses it at a time.
type registration struct {
	registry

	in          sd.Instance
	key, value  string
	verifyEvery time.Duration

	lease   clientv3.LeaseID // NoLease if there is none
	past    clientv3.LeaseID // the one before; the key may hang on it yet
	ttl     time.Duration    // as etcd granted it
	renewed time.Time        // when the last renewal that worked was sent
	rev     int64            // at which the key was last known to be right
	held    bool             // the key has been ours

	patience time.Duration // with the next answer; see exchange
}

// exchange makes one call of etcd. Its limit is short, since a renewal must have
// a second chance, at another member, long before the lease ends; but where
// answers have been slow to come, it waits longer for the next one.
func (r *registration) exchange(ctx context.Context, call func(context.Context) error) error {
	limit := max(r.patience, min(2*time.Second, r.cfg.TTL/6))
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(ctx), limit)
	defer cancel()
	sent := time.Now()
	err := call(ctx)
	switch {
	case err == nil:
		r.patience = 2 * time.Since(sent)
	case errors.Is(err, context.DeadlineExceeded):
		r.patience = 2 * limit
	}
	r.patience = min(r.patience, r.cfg.TTL/3)
	return err
}

func (r *registration) grant(ctx context.Context) error {
	sent := time.Now()
	seconds := (r.cfg.TTL + time.Second - 1) / time.Second
	var resp *clientv3.LeaseGrantResponse
	err := r.exchange(ctx, func(ctx context.Context) (err error) {
		resp, err = r.client.Grant(ctx, int64(seconds))
		return err
	})
	if err != nil {
		return fmt.Errorf("grant a lease: %w", err)
	}
	r.lease, r.ttl, r.renewed = resp.ID, time.Duration(resp.TTL)*time.Second, sent
	return nil
}

// renew extends the lease. That it is not found is asked twice, since a member
// that lags may not know it yet.
func (r *registration) renew(ctx context.Context) error {
	err := r.renewOnce(ctx)
	if errors.Is(err, rpctypes.ErrLeaseNotFound) {
		err = r.renewOnce(ctx)
	}
	return err
}

// renewOnce asks by a call of its own. Client.KeepAlive stays with the member
// it once chose, and loses leases with it.
func (r *registration) renewOnce(ctx context.Context) error {
	sent := time.Now()
	var resp *clientv3.LeaseKeepAliveResponse
	err := r.exchange(ctx, func(ctx context.Context) (err error) {
		resp, err = r.client.KeepAliveOnce(ctx, r.lease)
		return err
	})
	if err != nil {
		return fmt.Errorf("renew the lease: %w", err)
	}
	r.ttl, r.renewed = time.Duration(resp.TTL)*time.Second, sent
	return nil
}

// drop forgets a lease that etcd does not know any more.
func (r *registration) drop() { r.past, r.lease = r.lease, clientv3.NoLease }

// establish makes sure that the key holds the value and hangs on a lease that
// lives. It says whether it had to write.
func (r *registration) establish(ctx context.Context) (wrote bool, err error) {
	for range 3 {
		if r.lease == clientv3.NoLease {
			if err := r.grant(ctx); err != nil {
				return false, err
			}
		}
		wrote, err = r.put(ctx)
		if errors.Is(err, rpctypes.ErrLeaseNotFound) { // asked twice, as in renew
			wrote, err = r.put(ctx)
		}
		if !errors.Is(err, rpctypes.ErrLeaseNotFound) {
			return wrote, err
		}
		r.drop()
	}
	return false, err
}

// put writes the key unless it is right, or somebody else's. Who registers for
// the first time finds nobody there, as a rule, and asks only if that is wrong;
// later the key is read first, which costs the cluster less than a write.
func (r *registration) put(ctx context.Context) (wrote bool, err error) {
	seen := int64(0) // revision of the key; 0 while it is not there
	if r.held {
		var right bool
		if seen, right, err = r.look(ctx); err != nil || right {
			return false, err
		}
	}
	for range 3 {
		resp, err := r.write(ctx, seen)
		if err != nil {
			return false, fmt.Errorf("put the key: %w", err)
		}
		rev := resp.Header.GetRevision()
		if resp.Succeeded {
			r.rev, r.held = rev, true
			return true, nil
		}
		var right bool
		if seen, right, err = r.judge(resp.Responses[0].GetResponseRange().GetKvs(), rev); err != nil || right {
			return false, err
		}
	}
	return false, errors.New("put the key: somebody changes it all the time: give every process an ID of its own, by sd.NewID")
}

// look reads the key, and judges it.
func (r *registration) look(ctx context.Context) (seen int64, right bool, err error) {
	var got *clientv3.GetResponse
	err = r.exchange(ctx, func(ctx context.Context) (err error) {
		got, err = r.client.Get(ctx, r.key)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("read the key: %w", err)
	}
	return r.judge(got.Kvs, got.Header.GetRevision())
}

// write puts the key if its revision is still seen; otherwise it reads it.
func (r *registration) write(ctx context.Context, seen int64) (resp *clientv3.TxnResponse, err error) {
	err = r.exchange(ctx, func(ctx context.Context) (err error) {
		resp, err = r.client.Txn(ctx).
			If(clientv3.Compare(clientv3.ModRevision(r.key), "=", seen)).
			Then(clientv3.OpPut(r.key, r.value, clientv3.WithLease(r.lease))).
			Else(clientv3.OpGet(r.key)).
			Commit()
		return err
	})
	return resp, err
}

// judge says whether what stands under the key at rev is right, or may be
// replaced while its revision is seen; ErrTaken if neither.
func (r *registration) judge(kvs []*mvccpb.KeyValue, rev int64) (seen int64, right bool, err error) {
	if len(kvs) == 0 {
		return 0, false, nil
	}
	kv := kvs[0]
	switch {
	case r.right(kv):
		r.rev, r.held = rev, true
		return 0, true, nil
	case !r.mayReplace(kv):
		return 0, false, fmt.Errorf("%w: it stands for %.256q under lease %x: give every process an ID of its own, by sd.NewID", ErrTaken, kv.Value, kv.Lease)
	}
	return kv.ModRevision, false, nil
}

// right tells whether kv is just what it should be.
func (r *registration) right(kv *mvccpb.KeyValue) bool {
	return kv.Lease == int64(r.lease) && string(kv.Value) == r.value
}

// mayReplace tells whether what stands under the key may be overwritten: if we
// put it there, if it is an earlier life of this address, or if somebody edited
// it by hand (which takes it off our lease) and left the address alone.
func (r *registration) mayReplace(kv *mvccpb.KeyValue) bool {
	if l := clientv3.LeaseID(kv.Lease); l != clientv3.NoLease && (l == r.lease || l == r.past) {
		return true
	}
	other, err := decode(r.in.ID, kv.Value)
	return err == nil && other.Addr == r.in.Addr && (!r.held || kv.Lease == 0)
}

// announce tells watchers that the instance is about to leave, if the key is
// still ours.
func (r *registration) announce(ctx context.Context) error {
	in := r.in
	in.State = sd.Draining
	v, err := r.cfg.Layout.encode(in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, leaveTry)
	defer cancel()
	_, err = r.client.Txn(ctx).
		If(clientv3.Compare(clientv3.LeaseValue(r.key), "=", r.lease)).
		Then(clientv3.OpPut(r.key, v, clientv3.WithLease(r.lease))).
		Commit()
	return err
}

// revoke gives the lease back; the key goes with it.
func (r *registration) revoke(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, leaveTry)
	defer cancel()
	_, err := r.client.Revoke(ctx, r.lease)
	if err != nil && !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return fmt.Errorf("revoke lease %x: %w", r.lease, err)
	}
	r.drop()
	return nil
}
