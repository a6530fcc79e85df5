package consul

import (
	"context"
	"fmt"
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
	if r.writes == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	if r.announce(ctx) == nil {
		sleep(ctx, grace)
	}
	for failures := 0; ; failures++ {
		err := r.client.Agent().ServiceDeregisterOpts(r.body.ID, options(ctx))
		if err == nil || unknown(err) {
			return nil
		}
		if !sleep(ctx, pause(failures)) {
			return fmt.Errorf("leave %s of %s, which Consul removes after %v: %w", r.body.ID, r.service, r.cfg.TTL+r.cfg.DeregisterAfter, err)
		}
	}
}

// announce makes the check say that the instance leaves, and returns once the
// catalogue says so too. What the agent is told to forget before it had the
// time to tell that, nobody ever sees.
func (r *registration) announce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	if err := r.say(ctx, api.HealthCritical, drainingOutput); err != nil {
		return err
	}
	return r.await(ctx, sd.Draining)
}
