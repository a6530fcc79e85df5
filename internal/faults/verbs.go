package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/lb"
)

// both2 does two things and joins what went wrong.
func both2(one, other func() error) func() error {
	return func() error { return errors.Join(one(), other()) }
}

// starting is the start of a server, for fault and heal.
func (t *trial) starting(p *servers.Process) func() error {
	return func() error { return p.Start(t.ctx) }
}

// server is the registry's own process; the agent that everybody talks to where
// there are several.
func (t *trial) server() *servers.Process {
	switch r := t.registry.(type) {
	case *etcdRegistry:
		return r.server
	case *consulRegistry:
		return r.agent
	}
	return nil
}

// fleetProxy is what lies between the instances and the registry.
func (t *trial) fleetProxy() *servers.Proxy {
	switch r := t.registry.(type) {
	case *etcdRegistry:
		return r.fleetSide
	case *consulRegistry:
		return r.fleetSide
	}
	return nil
}

// node is what the consumer's pool knows of an instance.
func (t *trial) node(in *instance) lb.NodeStats {
	for _, n := range t.consumer.pool.Nodes() {
		if n.ID == in.id {
			return n
		}
	}
	return lb.NodeStats{}
}

// busiest is the instance that has had the most calls: that it is ill matters. With
// few calls at a time a balancer may find no reason to call some at all.
func (t *trial) busiest() *instance {
	return slices.MaxFunc(t.members, func(a, b *instance) int { return cmp.Compare(t.node(a).Calls, t.node(b).Calls) })
}

// ready waits for the consumer's pool for as long as it is told.
func (t *trial) ready(wait time.Duration) error {
	ctx, cancel := context.WithTimeout(t.ctx, wait)
	defer cancel()
	return t.consumer.pool.WaitReady(ctx)
}

// shunned is that callers avoid an instance: its breaker is open, or for half a
// second it got one call at most.
func (t *trial) shunned(in *instance) func() bool {
	type count struct {
		at    time.Time
		calls int
	}
	var begun []count
	return func() bool {
		n := t.node(in)
		now := count{time.Now(), int(n.Calls) + n.InFlight}
		begun = append(begun, now)
		for len(begun) > 1 && now.at.Sub(begun[1].at) >= 500*time.Millisecond {
			begun = begun[1:]
		}
		quiet := now.at.Sub(begun[0].at) >= 500*time.Millisecond && now.calls-begun[0].calls <= 1
		return n.Connected && (!n.Ready || quiet)
	}
}

// called is that the consumer's calls reach an instance.
func (t *trial) called(in *instance) func() bool {
	return func() bool { return len(t.consumer.heard(in.id, t.start)) > 0 }
}

// allAnswer makes a call, and is that each living instance has answered one.
func (t *trial) allAnswer() bool {
	t.must(t.call())
	return !slices.ContainsFunc(t.living(), func(in *instance) bool { return !t.called(in)() })
}

// held is that an instance takes itself for registered.
func (t *trial) held(in *instance) func() bool {
	return func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		held := t.history.Owners[in.owner].Held
		return len(held) > 0 && held[len(held)-1].To.IsZero()
	}
}

// missedNobody fails the row if callers have seen a set, since the first one
// with everybody, without one of those who live, in whatever state.
func (t *trial) missedNobody() {
	living := t.living()
	t.mu.Lock()
	seen := slices.Clone(t.history.Published)
	t.mu.Unlock()
	complete := false
	for _, s := range seen {
		full := !slices.ContainsFunc(living, func(in *instance) bool { return !present(s, in) })
		if complete && !full {
			t.violate(fmt.Sprintf("%v after the row's start, callers saw only %d of %d instances", s.At.Sub(t.start), len(s.Members), len(living)))
			return
		}
		complete = complete || full
	}
}

// neverLost fails the row if an instance has taken itself for lost.
func (t *trial) neverLost() {
	for _, in := range t.living() {
		t.mu.Lock()
		n := len(t.history.Owners[in.owner].Held)
		t.mu.Unlock()
		if n != 1 {
			t.violate(fmt.Sprintf("%s lost its registration", in.id))
		}
	}
}
