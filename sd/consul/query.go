package consul

import (
	"context"
	"errors"
	"fmt"
	"math"
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

// ask reads the service, once it has changed since index. anew asks servers
// rather than a cache. What does not wait is read consistently: a server that
// has just come back answers other questions while it replays its past.
func (s *session) ask(ctx context.Context, index uint64, anew bool) (answer, error) {
	if err := s.refresh(); err != nil {
		return answer{}, err
	}
	a, err := s.query(ctx, api.QueryOptions{
		WaitIndex: index, WaitTime: s.cfg.wait(), UseCache: s.cfg.UseCache && !anew,
		AllowStale: s.cfg.AllowStale, RequireConsistent: s.cfg.RequireConsistent || index == 0 && !s.cfg.AllowStale && (anew || !s.cfg.UseCache),
	})
	if err != nil || len(a.entries) > 0 {
		return a, err
	}
	// One empty answer is no evidence: servers give it while they recover or
	// have no leader, caches when they are old, and all to whom they do not
	// trust.
	sure, err := s.query(ctx, api.QueryOptions{RequireConsistent: true})
	if err != nil || len(sure.entries) > 0 {
		return sure, err
	}
	return a, s.blind(ctx, sure.meta)
}

func (s *session) query(ctx context.Context, q api.QueryOptions) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.timeout(q.WaitIndex > 0))
	defer cancel()
	q.Token, q.Datacenter, q.Namespace, q.Partition = s.token, s.cfg.Datacenter, s.cfg.Namespace, s.cfg.Partition
	q.Filter, q.Near = s.cfg.Filter, s.cfg.Near
	entries, meta, err := s.client.Health().ServiceMultipleTags(s.service, s.cfg.Tags, false, q.WithContext(ctx))
	if garbled(err) {
		q.WaitIndex = 0
		entries, meta, err = s.salvage(q.WithContext(ctx))
	}
	if err != nil {
		return answer{}, fmt.Errorf("query: %w", err)
	}
	a := answer{entries: entries, index: meta.LastIndex, meta: meta}
	if a.index > math.MaxInt64 { // no index that anybody counted up to
		a.index = 0
	}
	return a, nil
}

// anonymous is the accessor of who shows no token.
const anonymous = "00000000-0000-0000-0000-000000000002"

// blind returns ErrBlind if an empty answer may mean that the token sees
// nothing, rather than that there is nothing.
func (s *session) blind(ctx context.Context, meta *api.QueryMeta) error {
	const mend = `give the client one with service_prefix "" { policy = "read" } and node_prefix "" { policy = "read" }`
	if meta.ResultsFilteredByACLs {
		return fmt.Errorf("%w: %s", ErrBlind, mend)
	}
	if meta.LastIndex == 0 {
		return errors.New("query: nobody is there according to an answer without X-Consul-Index, which is not Consul's: is something else between?")
	}
	if meta.DefaultACLPolicy != "deny" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	self, _, err := s.client.ACL().TokenReadSelf((&api.QueryOptions{Token: s.token}).WithContext(ctx))
	status, refused := errors.AsType[api.StatusError](err)
	switch {
	case refused && status.Code == http.StatusForbidden, err == nil && self.AccessorID == anonymous:
		return fmt.Errorf("%w (it shows none that Consul knows): %s", ErrBlind, mend)
	case err != nil:
		return fmt.Errorf("ask about the token: %w", err)
	}
	return nil
}
