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

	"github.com/kitgen/kitgen/sd"
)

// callTimeout bounds one exchange with the agent.
const callTimeout = 2 * time.Second

// registration is one instance at an agent. One goroutine uses it at a time.
type registration struct {
	*registry

	body           *api.AgentServiceRegistration
	status, output string // of its check
	verifyEvery    time.Duration

	writes int // registrations that the agent may have taken
}

func (r *registration) checkID() string { return "service:" + r.body.ID }

// ensure makes the agent have the instance as it should be, with a check that
// says so, and the catalogue list it.
func (r *registration) ensure(ctx context.Context) error {
	has, err := r.look(ctx)
	if err != nil {
		return err
	}
	if has == nil || !r.right(has) {
		if err := r.register(ctx); err != nil {
			return err
		}
	}
	// A check that expired is not revived by registering it again.
	err = r.state(ctx)
	if unknown(err) { // somebody took the check away, not the service
		if err = r.register(ctx); err == nil {
			err = r.state(ctx)
		}
	}
	if err != nil {
		return err
	}
	return r.confirm(ctx)
}

// state makes the check say what it should. Agents tell of a new output at once
// only together with a new status.
func (r *registration) state(ctx context.Context) error {
	if r.output != "" {
		if err := r.say(ctx, api.HealthWarning, ""); err != nil {
			return err
		}
	}
	return r.beat(ctx)
}

// look returns what the agent has under the ID: nil if nothing. It asks for a
// list, as agents log an error for a service they do not have.
func (r *registration) look(ctx context.Context) (*api.AgentService, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	all, err := r.client.Agent().ServicesWithFilterOpts(fmt.Sprintf("ID == %q", r.body.ID), options(ctx))
	if err != nil {
		return nil, fmt.Errorf("ask the agent: %w", err)
	}
	has := all[r.body.ID]
	if has != nil && (has.Service != r.body.Name || has.Address != r.body.Address || has.Port != r.body.Port) {
		return nil, fmt.Errorf("%w: the agent has %s at %s under it: give every process an ID of its own, by sd.NewID",
			ErrTaken, has.Service, net.JoinHostPort(has.Address, strconv.Itoa(has.Port)))
	}
	return has, nil
}

// right tells whether the agent has what should be there.
func (r *registration) right(has *api.AgentService) bool {
	return slices.Equal(has.Tags, r.body.Tags) && maps.Equal(has.Meta, r.body.Meta) && has.Weights == *r.body.Weights
}

func (r *registration) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	opts := api.ServiceRegisterOpts{ReplaceExistingChecks: true}
	err := r.client.Agent().ServiceRegisterOpts(r.body, opts.WithContext(ctx))
	if _, refused := errors.AsType[api.StatusError](err); !refused {
		r.writes++
	}
	if err != nil {
		return fmt.Errorf("register with the agent: %w", err)
	}
	return nil
}

func (r *registration) beat(ctx context.Context) error { return r.say(ctx, r.status, r.output) }

func (r *registration) say(ctx context.Context, status, output string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := r.client.Agent().UpdateTTLOpts(r.checkID(), output, status, options(ctx)); err != nil {
		return fmt.Errorf("update check %s: %w", r.checkID(), err)
	}
	return nil
}

// confirm returns once the catalogue lists the instance, with the status that
// the check has: the agent tells it in its own time, and where its token does
// not allow that, never, and without an error.
func (r *registration) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	state := stateOfCheck(&api.HealthCheck{Status: r.status, Output: r.output})
	if err := r.await(ctx, state); err != nil {
		return fmt.Errorf(`the agent took %s, but the catalogue does not list it (does the token have service %q { policy = "write" } and node_prefix "" { policy = "read" }?): %w`,
			r.body.ID, r.body.Name, err)
	}
	return nil
}

// await returns once the catalogue lists the instance with its check in state.
func (r *registration) await(ctx context.Context, state sd.State) error {
	for {
		q := options(ctx)
		q.Filter = fmt.Sprintf("Service.ID == %q", r.body.ID)
		entries, _, err := r.client.Health().Service(r.body.Name, "", false, q)
		if err == nil && slices.ContainsFunc(entries, func(e *api.ServiceEntry) bool { return r.checked(e, state) }) {
			return nil
		}
		if !sleep(ctx, 10*time.Millisecond) {
			if err == nil {
				err = ctx.Err()
			}
			return err
		}
	}
}

func (r *registration) checked(e *api.ServiceEntry, state sd.State) bool {
	return slices.ContainsFunc(e.Checks, func(c *api.HealthCheck) bool {
		return c.CheckID == r.checkID() && stateOfCheck(c) == state
	})
}

// unknown tells that the agent has never heard of a service or check, or has
// forgotten it. Its words for that differ by version.
func unknown(err error) bool {
	status, ok := errors.AsType[api.StatusError](err)
	if !ok {
		return false
	}
	return status.Code == http.StatusNotFound ||
		status.Code == http.StatusInternalServerError &&
			(strings.Contains(status.Body, "does not have associated TTL") || strings.Contains(status.Body, "Unknown check"))
}

func options(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{}).WithContext(ctx)
}
