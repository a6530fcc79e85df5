package consul

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

var _ sd.Holder = (*Holder)(nil)

// ErrTaken is in the error of a Hold whose ID belongs to another process. It
// never takes the ID away from there; once the other has left, it can.
var ErrTaken = errors.New("instance ID is taken")

// Holder keeps instances of a service registered with a Consul agent, each by a
// Hold of its own. It may be used by any number of goroutines.
type Holder struct{ registry }

// NewHolder makes a Holder for instances of service. It does not touch the
// network; Hold tells what is wrong with its arguments.
func NewHolder(c *api.Client, service string, cfg Config) *Holder {
	return &Holder{newRegistry(c, service, cfg)}
}

// Hold registers in and keeps its check passing (warning or critical, if that
// is its State) until ctx ends; then it tells watchers that in is Draining,
// deregisters it, and returns nil if that worked within two seconds. An agent
// that forgot the instance is told again with the next beat, and held is called
// again.
//
// Hold gives up, for a Registrar to try again, when it cannot register, when
// the agent has not taken a beat for a whole TTL, and with ErrTaken when the
// agent has another address under the ID.
func (h *Holder) Hold(ctx context.Context, in sd.Instance, held func()) error {
	r, err := h.open(in)
	if err != nil {
		return err
	}
	if err = r.ensure(ctx); err == nil {
		held()
		err = r.keep(ctx, held)
	}
	if ctx.Err() != nil {
		return r.leave(ctx)
	}
	return fmt.Errorf("hold %s of %s: %w", r.body.ID, h.service, err)
}

func (h *Holder) open(in sd.Instance) (*registration, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	body, err := toConsul(h.service, in)
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", h.service, err)
	}
	r := &registration{registry: &h.registry, body: body, verifyEvery: verifyEvery}
	r.status, r.output = statusOf(in.State)
	body.Check = &api.AgentServiceCheck{
		CheckID:                        r.checkID(),
		Name:                           "alive",
		TTL:                            h.cfg.TTL.String(),
		DeregisterCriticalServiceAfter: h.cfg.DeregisterAfter.String(),
		Status:                         r.status,
	}
	return r, nil
}

// statusOf is what the check of an instance in state s says. The output never
// changes: Consul would replicate it with every beat.
func statusOf(s sd.State) (status, output string) {
	switch s {
	case sd.Up:
		return api.HealthPassing, ""
	case sd.Warning:
		return api.HealthWarning, ""
	case sd.Draining:
		return api.HealthCritical, drainingOutput
	default:
		return api.HealthCritical, ""
	}
}

// verifyEvery is how often the agent is asked what it has, besides the beats.
const verifyEvery = 30 * time.Second

// keep sends beats until ctx ends, which is no error, or the registration is
// lost.
func (r *registration) keep(ctx context.Context, held func()) error {
	beat := time.NewTimer(jitter(r.cfg.TTL/3, 0.1))
	defer beat.Stop()
	taken, verified, failures := time.Now(), time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		sent := time.Now()
		err := r.beat(ctx)
		if unknown(err) || err == nil && time.Since(verified) > r.verifyEvery {
			verified = sent
			err = r.again(ctx, held)
		}
		switch {
		case err == nil:
			taken, failures = sent, 0
			beat.Reset(jitter(r.cfg.TTL/3, 0.1))
		case errors.Is(err, ErrTaken), time.Since(taken) >= r.cfg.TTL:
			return err
		default:
			beat.Reset(pause(failures))
			failures++
		}
	}
}

// again registers anew what the agent has not, or not as it should be.
func (r *registration) again(ctx context.Context, held func()) error {
	before := r.writes
	err := r.ensure(ctx)
	if err == nil && r.writes > before {
		held()
	}
	return err
}
