package consul

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

const (
	leaveTimeout    = 1900 * time.Millisecond // of leaving as a whole, to return within two seconds
	announceTimeout = 600 * time.Millisecond  // of its first half
	// Watchers that the catalogue has woken ask it what there is now. Whoever
	// is gone by then has never been seen Draining.
	grace = 100 * time.Millisecond
)

// leave says Draining, lets watchers see it, then removes the instance.
func (r *registration) leave(ctx context.Context) error {
	if !r.there {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	unread := r.refresh() // the token it had may still do
	if r.token != r.shown {
		_ = r.register(ctx) // the agent tells the servers what it has of us under the token it has it under
	}
	if r.announce(ctx) == nil {
		sleep(ctx, grace)
	}
	err := r.remove(ctx)
	if err == nil {
		return nil
	}
	return fmt.Errorf("leave %s of %s, which Consul removes after %v: %w", r.body.ID, r.service, r.cfg.TTL+r.cfg.DeregisterAfter, errors.Join(r.hint(err), unread))
}

// remove makes the agent forget the instance, and returns once the catalogue
// has too: agents do not tell when the servers refuse.
func (r *registration) remove(ctx context.Context) error {
	for failures := 0; ; failures++ {
		err := r.client.Agent().ServiceDeregisterOpts(r.body.ID, r.options(ctx))
		if err == nil || unknown(err) {
			break
		}
		if !sleep(ctx, pause(failures)) {
			return err
		}
	}
	_, err := r.await(ctx, func(entries []*api.ServiceEntry) int {
		if slices.ContainsFunc(entries, func(e *api.ServiceEntry) bool { return e.Node != nil && e.Node.Node == r.node.name }) {
			return -1
		}
		return 0
	})
	if err != nil {
		return fmt.Errorf("the agent forgot it, and the catalogue still lists it (may the token no longer write the service?): %w", err)
	}
	return nil
}

// announce makes the instance Draining, and returns once the catalogue says so
// too. What the agent is told to forget before it had the time to tell that,
// nobody ever sees.
func (r *registration) announce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	if err := r.drain(ctx); err != nil {
		return err
	}
	_, err := r.await(ctx, first(func(e *api.ServiceEntry) bool { return stateOf(e.Checks) == sd.Draining }))
	return err
}

// drain makes the beat's own check say it. One that the agent sees to says only
// what the agent has seen; beside that, maintenance mode is ours to set.
func (r *registration) drain(ctx context.Context) error {
	last := verdict{api.HealthCritical, drainingOutput}
	switch {
	case r.cfg.probed():
		return r.client.Agent().EnableServiceMaintenanceOpts(r.body.ID, drainingOutput, r.options(ctx))
	case r.health.status == api.HealthCritical:
		return r.express(ctx, last)
	}
	return r.say(ctx, last)
}

// endOldLeave ends the maintenance mode that an earlier run of the instance
// left behind when it could not deregister. An operator's has another reason.
func (r *registration) endOldLeave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	id := api.ServiceMaintPrefix + r.body.ID
	all, err := r.client.Agent().ChecksWithFilterOpts(fmt.Sprintf("CheckID == %q", id), r.options(ctx))
	if err == nil && all[id] != nil && all[id].Notes == drainingOutput {
		err = r.client.Agent().DisableServiceMaintenanceOpts(r.body.ID, r.options(ctx))
	}
	if err != nil {
		return fmt.Errorf("look for maintenance mode: %w", err)
	}
	return nil
}
