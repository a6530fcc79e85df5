package main

import (
	"context"
	"fmt"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
)

// ours is one balancer of package lb.
type ours struct {
	policy  string
	over    func(*lb.Pool) kitlb.Balancer
	keyed   bool // it picks by the key of the call
	calls   bool // what a call through it costs is measured, too
	changes bool // what a change costs where it is used is measured, too
	stalls  bool // and so are picks beside changes
}

// balancers lists ours.
func balancers() []ours {
	return []ours{
		{policy: "roundrobin", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewRoundRobin(p) }, calls: true, changes: true, stalls: true},
		{policy: randomName, over: func(p *lb.Pool) kitlb.Balancer { return lb.NewRandom(p) }},
		{policy: "weightedroundrobin", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewWeightedRoundRobin(p) }, changes: true},
		{policy: "weightedrandom", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewWeightedRandom(p) }, changes: true},
		{policy: "leastrequest", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewLeastRequest(p, lb.LeastRequestConfig{}) }, calls: true},
		{policy: "leastrequest2", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewLeastRequest(p, lb.LeastRequestConfig{Choices: 2}) }, calls: true},
		{policy: "peakewma", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewPeakEWMA(p, lb.PeakEWMAConfig{}) }, calls: true},
		{policy: "adaptive", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewAdaptive(p, lb.AdaptiveConfig{}) }, calls: true, changes: true, stalls: true},
		{policy: "probing", over: overProbing, calls: true},
		{policy: "maglev", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewMaglev(p) }, keyed: true, calls: true, changes: true, stalls: true},
		{policy: "ring", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewRing(p, lb.RingConfig{}) }, keyed: true, changes: true},
		{policy: "rendezvous", over: func(p *lb.Pool) kitlb.Balancer { return lb.NewRendezvous(p) }, keyed: true, changes: true},
	}
}

// overProbing asks servers that answer at once, on the balancer's goroutines.
func overProbing(p *lb.Pool) kitlb.Balancer {
	return lb.NewProbing(p, lb.ProbingConfig{Probe: func(context.Context, string) (int, time.Duration, error) {
		return 1, time.Millisecond, nil
	}})
}

// openOurs measures every balancer over a pool of its own, as a client has it. A
// pick counts nothing: that is done by the call through what was picked.
func openOurs(n int) ([]*subject, error) {
	var subjects []*subject
	for _, o := range balancers() {
		p, err := openPool(n, lb.PoolConfig{})
		if err != nil {
			return nil, err
		}
		b := o.over(p.Pool)
		s := &subject{system: oursName, policy: o.policy, pick: picks(b), close: p.close}
		if o.keyed {
			s.pick = keyedPicks(b)
		}
		if o.calls {
			s.call = calls(b, o.keyed)
		}
		if err = calls(b, o.keyed)(1000); err != nil { // what calls leave behind makes picks of some differ
			return nil, fmt.Errorf("%s: %w", o.policy, err)
		}
		subjects = append(subjects, s)
	}
	for _, o := range balancers() {
		if !o.changes {
			continue
		}
		s, err := openChanges(n, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.policy, err)
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// openChanges measures changes of a pool that has this balancer alone.
func openChanges(n int, o ours) (*subject, error) {
	p, err := openPool(n, lb.PoolConfig{})
	if err != nil {
		return nil, err
	}
	b := o.over(p.Pool)
	change := func(size int) func() error {
		return func() error {
			if err := p.resize(size); err != nil {
				return err
			}
			return pickOnce(b)
		}
	}
	s := &subject{system: oursName, policy: o.policy, add: change(n + 1), remove: change(n), bare: o.policy == "roundrobin", close: p.close}
	if o.stalls {
		s.stall = picks(b)
	}
	return s, nil
}

// keyedPicks measures picks for the callers in turn.
func keyedPicks(b kitlb.Balancer) func(ops int) error {
	by, ok := b.(interface {
		Pick(ctx context.Context) (endpoint.Endpoint, error)
	})
	callers := keyedContexts(lb.WithKey)
	return func(ops int) error {
		if !ok {
			return fmt.Errorf("%T has no Pick", b)
		}
		for i := range ops {
			e, err := by.Pick(callers[i%keys])
			if err != nil {
				return err
			}
			if e == nil {
				return errNothing
			}
		}
		return nil
	}
}

// calls measures whole calls.
func calls(b kitlb.Balancer, keyed bool) func(ops int) error {
	call, ctx := lb.Endpoint(b), context.Background()
	if keyed {
		ctx = lb.WithKey(ctx, "user-0")
	}
	return func(ops int) error {
		for range ops {
			if _, err := call(ctx, nil); err != nil {
				return err
			}
		}
		return nil
	}
}
