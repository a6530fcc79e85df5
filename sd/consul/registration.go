package consul

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
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
	*registry

	body           *api.AgentServiceRegistration
	status, output string // of its check
	verifyEvery    time.Duration

	writes int // registrations that the agent may have taken
}

func (r *registration) checkID() string { return "service:" + r.body.ID }

// ensure makes the agent have the instance as it should be, with a check that
// says so.
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
	err = r.beat(ctx)
	if unknown(err) { // somebody took the check away, not the service
		if err = r.register(ctx); err == nil {
			err = r.beat(ctx)
		}
	}
	return err
}

// look returns what the agent has under the ID: nil if nothing.
func (r *registration) look(ctx context.Context) (*api.AgentService, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	has, _, err := r.client.Agent().Service(r.body.ID, options(ctx))
	switch {
	case unknown(err):
		return nil, nil //nolint:nilnil // nothing is what there is
	case err != nil:
		return nil, fmt.Errorf("ask the agent: %w", err)
	case has.Service != r.body.Name || has.Address != r.body.Address || has.Port != r.body.Port:
		return nil, fmt.Errorf("%w: the agent has %s at %s under it: give every process an ID of its own, by sd.NewID",
			ErrTaken, has.Service, net.JoinHostPort(has.Address, strconv.Itoa(has.Port)))
	}
	return has, nil
}

// right tells whether the agent has what should be there.
func (r *registration) right(has *api.AgentService) bool {
	return slices.Equal(has.Tags, r.body.Tags) && maps.Equal(has.Meta, r.body.Meta) &&
		has.Weights == *r.body.Weights
}

func (r *registration) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r.writes++
	opts := api.ServiceRegisterOpts{ReplaceExistingChecks: true}
	if err := r.client.Agent().ServiceRegisterOpts(r.body, opts.WithContext(ctx)); err != nil {
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

// jitter is d, more or less by up to a share of it, so that a fleet started
// together does not stay in step.
func jitter(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * (1 + share*(2*rand.Float64()-1)))
}

// pause is how long to wait after so many failures in a row.
func pause(failures int) time.Duration {
	return jitter(min(2*time.Second, 100*time.Millisecond<<min(failures, 10)), 0.5)
}
