package main

import (
	"context"

	"github.com/cloudwego/kitex/pkg/discovery"
	"github.com/cloudwego/kitex/pkg/loadbalance"
)

// kitexKey carries the key of a caller in a context.
type kitexKey struct{}

// openKitex measures kitex' load balancers, as its client uses them: a picker
// from the balancer's cache for every call. They are not told of a call's end.
// With equal weights its weighted balancers become the plain ones.
func openKitex(n int) ([]*subject, error) {
	byKey := loadbalance.NewConsistentHashOption(func(ctx context.Context, _ any) string {
		k, _ := ctx.Value(kitexKey{}).(string)
		return k
	})
	byKey.Weighted = false // with weights of 10 it would keep a thousand points and more per instance
	alike := func(int) int { return 10 }
	callers := keyedContexts(func(ctx context.Context, key string) context.Context {
		return context.WithValue(ctx, kitexKey{}, key)
	})
	var subjects []*subject
	for _, c := range []struct {
		policy string
		by     loadbalance.Loadbalancer
		weight func(int) int
	}{
		{"rr", loadbalance.NewWeightedRoundRobinBalancer(), alike},
		{"wrr", loadbalance.NewWeightedRoundRobinBalancer(), weight},
		{randomName, loadbalance.NewWeightedRandomBalancer(), alike},
		{"wrandom", loadbalance.NewWeightedRandomBalancer(), weight},
		{"alias", loadbalance.NewWeightedRandomWithAliasMethodBalancer(), weight},
		{"consist", loadbalance.NewConsistBalancer(byKey), weight},
	} {
		k := &kitexSet{by: c.by, weight: c.weight, now: kitexResult(n, c.weight), callers: callers}
		c.by.GetPicker(k.now) // from here on the balancer has it in its cache
		s := &subject{system: "kitex", policy: c.policy, pick: k.picks, add: k.change(n + 1), remove: k.change(n)}
		if c.policy == "alias" {
			s.stall = s.pick
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// kitexSet is a set of instances as kitex' client keeps it.
type kitexSet struct {
	by      loadbalance.Loadbalancer
	weight  func(int) int
	now     discovery.Result // of changes alone
	callers []context.Context
}

const kitexCache = "svc"

func kitexResult(n int, weight func(int) int) discovery.Result {
	all := make([]discovery.Instance, n)
	for i := range all {
		all[i] = discovery.NewInstance("tcp", addr(i), weight(i), nil)
	}
	return discovery.Result{Cacheable: true, CacheKey: kitexCache, Instances: all}
}

// change resolves anew and tells the balancer, as kitex' client does.
func (k *kitexSet) change(size int) func() error {
	return func() error {
		change, _ := discovery.DefaultDiff(kitexCache, k.now, kitexResult(size, k.weight))
		k.now = change.Result
		if r, ok := k.by.(loadbalance.Rebalancer); ok {
			r.Rebalance(change)
		}
		return k.picks(1)
	}
}

func (k *kitexSet) picks(ops int) error {
	cached := discovery.Result{Cacheable: true, CacheKey: kitexCache}
	for i := range ops {
		p := k.by.GetPicker(cached)
		if p.Next(k.callers[i%keys], nil) == nil {
			return errNothing
		}
		if r, ok := p.(interface{ Recycle() }); ok {
			r.Recycle()
		}
	}
	return nil
}
