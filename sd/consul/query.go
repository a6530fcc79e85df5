package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/consul/api"
)

// slack is what a query may take beyond the wait it asks for: Consul adds up
// to a sixteenth, the network the rest.
const slack = 10 * time.Second

// answer is what a query returned.
type answer struct {
	entries []*api.ServiceEntry
	index   uint64
	meta    *api.QueryMeta
}

// ask reads the service, once it has changed since index.
func (w *Watcher) ask(ctx context.Context, index uint64) (answer, error) {
	a, err := w.query(ctx, &api.QueryOptions{WaitIndex: index, WaitTime: w.cfg.Wait})
	if err != nil || len(a.entries) > 0 {
		return a, err
	}
	// One empty answer is no evidence: servers give it while they recover, and
	// to whom they do not trust.
	sure, err := w.query(ctx, &api.QueryOptions{RequireConsistent: true})
	if err != nil || len(sure.entries) > 0 {
		return sure, err
	}
	return a, w.blind(ctx, sure.meta)
}

func (w *Watcher) query(ctx context.Context, q *api.QueryOptions) (answer, error) {
	limit := callTimeout + slack
	if q.WaitIndex > 0 {
		limit = w.cfg.Wait + w.cfg.Wait/16 + slack
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	entries, meta, err := w.client.Health().ServiceMultipleTags(w.service, w.cfg.Tags, false, q.WithContext(ctx))
	if err != nil {
		return answer{}, fmt.Errorf("query: %w", err)
	}
	return answer{entries: entries, index: meta.LastIndex, meta: meta}, nil
}

// anonymous is the accessor of who shows no token.
const anonymous = "00000000-0000-0000-0000-000000000002"

// blind returns ErrBlind if an empty answer may mean that the token sees
// nothing, rather than that there is nothing.
func (w *Watcher) blind(ctx context.Context, meta *api.QueryMeta) error {
	const mend = `give the client one with service_prefix "" { policy = "read" } and node_prefix "" { policy = "read" }`
	if meta.ResultsFilteredByACLs {
		return fmt.Errorf("%w: %s", ErrBlind, mend)
	}
	if meta.DefaultACLPolicy != "deny" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	self, _, err := w.client.ACL().TokenReadSelf(options(ctx))
	status, refused := errors.AsType[api.StatusError](err)
	switch {
	case refused && status.Code == http.StatusForbidden, err == nil && self.AccessorID == anonymous:
		return fmt.Errorf("%w (it shows none that Consul knows): %s", ErrBlind, mend)
	case err != nil:
		return fmt.Errorf("ask about the token: %w", err)
	}
	return nil
}
