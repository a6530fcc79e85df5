package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	pageSize     = 1000
	firstTimeout = 2 * time.Second // of a page, to have time for another member
	pageTimeout  = 5 * time.Second // of its second try
	staleTimeout = 2 * time.Second // of a page that needs no quorum
)

// head is how far a cluster had come when it told something.
type head struct {
	cluster uint64
	rev     int64
}

// list gives each all keys of the service, in pages of the same revision. The
// first is linearizable, so it holds whatever had been acknowledged before.
func (r *registry) list(ctx context.Context, each func(*mvccpb.KeyValue)) (head, error) {
	return r.pages(ctx, pageTimeout, each)
}

// listStale is list by whichever member answers, which may be behind, but needs
// no quorum.
func (r *registry) listStale(ctx context.Context, each func(*mvccpb.KeyValue)) (head, error) {
	return r.pages(ctx, staleTimeout, each, clientv3.WithSerializable())
}

func (r *registry) pages(ctx context.Context, timeout time.Duration, each func(*mvccpb.KeyValue), opts ...clientv3.OpOption) (h head, err error) {
	from, end := r.prefix, clientv3.GetPrefixRangeEnd(r.prefix)
	for limit := int64(pageSize); ; {
		page, err := r.page(ctx, timeout, from, append(opts, clientv3.WithRange(end), clientv3.WithLimit(limit), clientv3.WithRev(h.rev))...)
		if status.Code(err) == codes.ResourceExhausted && limit > 1 { // more than the client takes in one message
			limit = max(limit/8, 1)
			continue
		}
		if err != nil {
			return head{}, fmt.Errorf("list %s: %w", r.prefix, err)
		}
		if h.rev == 0 {
			h = head{page.Header.GetClusterId(), page.Header.GetRevision()}
		}
		for _, kv := range page.Kvs {
			each(kv)
		}
		if !page.More || len(page.Kvs) == 0 {
			return h, nil
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

func (r *registry) page(ctx context.Context, timeout time.Duration, from string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	resp, err := r.get(ctx, min(firstTimeout, timeout), from, opts...)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && timeout > firstTimeout {
		return r.get(ctx, timeout, from, opts...)
	}
	return resp, err
}

func (r *registry) get(ctx context.Context, timeout time.Duration, from string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return r.client.Get(ctx, from, opts...)
}
