package etcd

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	pageSize    = 1000
	pageTimeout = 5 * time.Second
)

// listing is everything below a prefix at one revision.
type listing struct {
	kvs []*mvccpb.KeyValue
	rev int64
}

// list reads all keys of the service, in pages of the same revision. The first
// is linearizable, so it holds whatever had been acknowledged before.
func (r *registry) list(ctx context.Context) (listing, error) {
	var l listing
	from, end := r.prefix, clientv3.GetPrefixRangeEnd(r.prefix)
	for {
		page, err := r.page(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(pageSize), clientv3.WithRev(l.rev))
		if err != nil {
			return listing{}, fmt.Errorf("list %s: %w", r.prefix, err)
		}
		if l.rev == 0 {
			l.rev = page.Header.GetRevision()
		}
		l.kvs = append(l.kvs, page.Kvs...)
		if !page.More || len(page.Kvs) == 0 {
			return l, nil
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
}

func (r *registry) page(ctx context.Context, from string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	return r.client.Get(ctx, from, opts...)
}
