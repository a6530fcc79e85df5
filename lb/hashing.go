package lb

import (
	"context"

	"github.com/go-kit/kit/endpoint"
)

// hashing is what the balancers that keep a key on an instance share.
type hashing struct{ balancer }

// start has the balancer follow set. bound is that of keeper.
func (b *hashing) start(set Set, name string, bound int64, build func(ids []string, weights []int) hashTable) {
	b.follow(set, name, prepare(func(ids []string, weights []int) chooser {
		return &keeper{build(ids, weights), len(ids), bound}
	}))
}

// Pick is Endpoint for a call with ctx, and with the key that WithKey gave it.
// While the instance of the key cannot be picked, or was tried by an earlier
// attempt of the call, others stand in for it, for each key always the same one.
func (b *hashing) Pick(ctx context.Context) (endpoint.Endpoint, error) {
	if key, ok := ctx.(*keyed); ok && key.call.Len() == 0 {
		if p := b.plan.Load(); p.swift {
			if k, ok := p.by.(*keeper); ok && k.bound == 0 {
				return p.pickable[k.table.at(key.hash, 0)].call, nil
			}
		}
	}
	return b.pick(wanted(ctx))
}

// keeper picks by key.
type keeper struct {
	table hashTable
	size  int   // how many slots it was built from
	bound int64 // in thousandths of an instance's share of the calls in flight; 0: none
}

// choose goes from one try of the key to the next until there is a node that can
// be picked, and that has room. A call without a key has a random one: so it
// goes anywhere, by weight.
func (k *keeper) choose(slots []slot, w want) *slot {
	if len(slots) == 0 {
		return nil
	}
	if !w.keyed {
		r := slots[0].node.pool.dice()
		w.key = r.roll()
	}
	if len(slots) != k.size { // a panic: these are more than the table was built from
		return k.foremost(slots, w)
	}
	var full *slot // the first that would do if it had room
	room := crowd{bound: k.bound}
	for try := 0; ; try++ {
		i := k.table.at(w.key, try)
		if i < 0 {
			return full
		}
		sl := &slots[i]
		if w.ok(sl.node) {
			if room.has(sl, slots, w) {
				return sl
			}
			if full == nil {
				full = sl
			}
		}
		w.trace.passOver(sl, &w)
	}
}

// foremost finds the slot with the highest score for a key, by rendezvous.
func (k *keeper) foremost(slots []slot, w want) *slot {
	var found *slot
	highest := 0.0
	for i := range slots {
		sl := &slots[i]
		rest := fraction(mix(mix(hashID(sl.in.ID)) ^ w.key))
		if score := float64(sl.weight()) / negLog(rest); score > highest && w.ok(sl.node) {
			found, highest = sl, score
		}
	}
	return found
}

// crowd is who has room for a call. It counts the calls in flight when it is
// first asked about an instance that has any.
type crowd struct {
	bound          int64
	total, weights int64
}

func (c *crowd) has(sl *slot, slots []slot, w want) bool {
	calling := sl.node.calling()
	if c.bound == 0 || calling <= 0 {
		return true
	}
	if c.weights == 0 {
		for i := range slots {
			if w.ok(slots[i].node) {
				c.total += slots[i].node.calling()
				c.weights += int64(slots[i].weight())
			}
		}
	}
	return calling < roomFor(c.bound, c.total, int64(sl.weight()), c.weights)
}
