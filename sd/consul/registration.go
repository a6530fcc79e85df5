package consul

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"
)

// callTimeout bounds one exchange with the agent.
const callTimeout = 2 * time.Second

// registration is one instance at an agent. One goroutine uses it at a time.
type registration struct {
	*session

	body        *api.AgentServiceRegistration
	own         verdict // of the instance while it is ready
	health      verdict // what its check says
	asked       bool    // Config.Ready counts
	verifyEvery time.Duration

	node   node   // the agent's
	shown  string // token that the agent has the instance under
	unsure bool   // the agent has it, and the catalogue has not
	writes int    // registrations that the agent may have taken
	there  bool   // the agent may have it, from this run or one before
}

func (r *registration) checkID() string { return "service:" + r.body.ID }

// ensure makes the agent have the instance as it should be, with a check that
// says so, and the catalogue list it.
func (r *registration) ensure(ctx context.Context) error {
	if err := r.refresh(); err != nil {
		return err
	}
	has, err := r.look(ctx)
	if err != nil {
		return err
	}
	r.judge(ctx)
	if has == nil || !r.right(has) {
		if err := r.register(ctx); err != nil {
			return err
		}
	}
	if err := r.push(ctx, has); err != nil {
		return err
	}
	if has != nil || r.health.output != "" || r.cfg.probed() {
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	err = r.confirm(ctx)
	if err != nil && has != nil && !r.unsure { // the agent may only believe that they know
		r.unsure = true
		return r.ensure(ctx)
	}
	r.unsure = err != nil
	return err
}

// push makes the agent tell the servers of an instance that they lack, as they
// do when they were restored. Being told the same again does not make it: it
// believes that they know.
func (r *registration) push(ctx context.Context, has *api.AgentService) error {
	if has == nil || !r.unsure {
		return nil
	}
	if !r.cfg.probed() {
		other := verdict{status: api.HealthWarning}
		if r.health.status == other.status {
			other.status = api.HealthPassing
		}
		// What settle says next is a change then, which goes out with the service.
		if err := r.say(ctx, other); !unknown(err) {
			return err
		}
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := r.client.Agent().ServiceDeregisterOpts(r.body.ID, r.options(limited)); err != nil && !unknown(err) {
		return fmt.Errorf("have the agent forget it: %w", err)
	}
	return r.register(ctx)
}

// settle makes the check of a service that is there say what it should. One
// that expired is not revived by registering it again.
func (r *registration) settle(ctx context.Context) error {
	say := func() error { return r.express(ctx, r.health) }
	if r.cfg.probed() {
		say = func() error { return r.endOldLeave(ctx) }
	}
	err := say()
	if unknown(err) { // somebody took the check away, not the service
		if err = r.register(ctx); err == nil {
			err = say()
		}
	}
	return err
}

// look returns what the agent has under the ID: nil if nothing. It asks for a
// list, as agents log an error for a service they do not have.
func (r *registration) look(ctx context.Context) (*api.AgentService, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	all, err := r.client.Agent().ServicesWithFilterOpts(fmt.Sprintf("ID == %q", r.body.ID), r.options(ctx))
	if err != nil {
		return nil, fmt.Errorf("ask the agent: %w", err)
	}
	has := all[r.body.ID]
	if has != nil && (has.Service != r.body.Name || has.Address != r.body.Address || has.Port != r.body.Port) {
		return nil, fmt.Errorf("%w: the agent has %s at %s under it: give every process an ID of its own, by sd.NewID",
			ErrTaken, has.Service, net.JoinHostPort(has.Address, strconv.Itoa(has.Port)))
	}
	r.there = r.there || has != nil
	return has, nil
}

// right tells whether the agent has what should be there, and may tell the
// servers.
func (r *registration) right(has *api.AgentService) bool {
	return r.token == r.shown && !r.unsure &&
		slices.Equal(has.Tags, r.body.Tags) && maps.Equal(has.Meta, r.body.Meta) && has.Weights == *r.body.Weights
}

// register leaves checks that others have put on the service, such as
// maintenance mode, as they are.
func (r *registration) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body := *r.body
	check := *r.body.Check
	check.Status = r.health.status
	body.Check = &check
	opts := api.ServiceRegisterOpts{Token: r.token}
	err := r.client.Agent().ServiceRegisterOpts(&body, opts.WithContext(ctx))
	if _, refused := errors.AsType[api.StatusError](err); !refused {
		r.writes++
		r.there = true
	}
	if err != nil {
		return fmt.Errorf("register with the agent: %w", err)
	}
	r.shown = r.token
	return nil
}

// unknown tells that the agent has never heard of a service or check, or has
// forgotten it. Its words for that differ by version.
func unknown(err error) bool {
	if errors.Is(err, errForgotten) {
		return true
	}
	status, ok := errors.AsType[api.StatusError](err)
	if !ok {
		return false
	}
	return status.Code == http.StatusNotFound ||
		status.Code == http.StatusInternalServerError &&
			(strings.Contains(status.Body, "does not have associated TTL") || strings.Contains(status.Body, "Unknown check"))
}
