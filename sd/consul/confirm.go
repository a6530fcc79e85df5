package consul

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/consul/api"
)

// node is the machine of an agent, as the catalogue knows it.
type node struct{ name, id string }

// confirm returns once the catalogue lists the instance, with the status that
// the check has: the agent tells it in its own time, and where its token does
// not allow that, never, and without an error.
func (r *registration) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	check, err := r.inspect(ctx)
	if err != nil {
		return err
	}
	listed, err := r.await(ctx, first(func(e *api.ServiceEntry) bool {
		// An agent that lost its identity leaves the old entry behind.
		return e.Node != nil && e.Node.Node == check.Node && r.says(e)
	}))
	if err != nil {
		return fmt.Errorf(`the agent took %s, but the catalogue does not list it (does the token have service %q { policy = "write" } and node_prefix "" { policy = "read" }?): %w`,
			r.body.ID, r.body.Name, err)
	}
	r.meet(node{listed.Node.Node, listed.Node.ID})
	return nil
}

// meet tells when the agent is no longer the one it was. What the other had is
// removed by Consul: its check is critical by then.
func (r *registration) meet(n node) {
	if r.node != (node{}) && r.node != n {
		_ = r.cfg.Logger.Log("msg", "the Consul agent is another node now; registered there", "id", r.body.ID,
			"was", r.node.name, "was_id", r.node.id, "is", n.name, "is_id", n.id)
	}
	r.node = n
}

// says tells whether the entry's check says what it should.
func (r *registration) says(e *api.ServiceEntry) bool {
	want := stateOfCheck(&api.HealthCheck{Status: r.health.status, Output: r.health.output})
	return slices.ContainsFunc(e.Checks, func(c *api.HealthCheck) bool {
		return c != nil && c.CheckID == r.checkID() && (r.cfg.probed() || stateOfCheck(c) == want)
	})
}

// firstLook is when the catalogue is first asked: no agent is quicker, and what
// watchers wait for should not compete with the question.
const firstLook = 3 * time.Millisecond

// first is for await: the first entry that is right.
func first(right func(*api.ServiceEntry) bool) func([]*api.ServiceEntry) int {
	return func(entries []*api.ServiceEntry) int { return slices.IndexFunc(entries, right) }
}

// await returns once the instance's entries in the catalogue are as they should
// be, which is when right returns no negative index, and the entry of that. It
// asks more and more rarely: blocking queries would wake a whole fleet that
// starts together at each of its members. It asks for what all servers agree on:
// one that has just come back says what was right once, while it replays its past.
func (r *registration) await(ctx context.Context, right func([]*api.ServiceEntry) int) (*api.ServiceEntry, error) {
	var err error
	for wait := firstLook; sleep(ctx, wait); wait = min(2*wait, 200*time.Millisecond) {
		q := r.options(ctx)
		q.Datacenter, q.RequireConsistent = r.cfg.Datacenter, true
		q.Filter = fmt.Sprintf("Service.ID == %q", r.body.ID)
		var entries []*api.ServiceEntry
		if entries, _, err = r.client.Health().Service(r.body.Name, "", false, q); err != nil {
			continue
		}
		switch i := right(entries); {
		case i >= len(entries):
			return nil, nil //nolint:nilnil // there is none, and that is right
		case i >= 0:
			return entries[i], nil
		}
	}
	return nil, cmp.Or(err, ctx.Err())
}
