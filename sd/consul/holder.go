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
// is its State, or while Config.Ready says that it is not ready) until ctx
// ends; then it tells watchers that in is Draining, deregisters it, and returns
// nil if that worked within two seconds. An agent that forgot the instance or
// its check is told again with the next beat, and held is called again; so it
// is when the token changed. With Config.HTTPCheck or GRPCCheck the agent finds
// out by itself how in is, and the beats only see whether it still knows it.
// An operator's maintenance mode is left as it is.
//
// Hold gives up, for a Registrar to try again, when it cannot register, when
// the agent has not taken a beat for a whole TTL, and with ErrTaken when the
// agent has another address under the ID.
func (h *Holder) Hold(ctx context.Context, in sd.Instance, held func()) error {
	s, end, err := h.begin()
	if err != nil {
		return err
	}
	defer end()
	r, err := s.open(in)
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
	return fmt.Errorf("hold %s of %s: %w", r.body.ID, h.service, s.hint(err))
}

func (s *session) open(in sd.Instance) (*registration, error) {
	body, err := s.cfg.toConsul(s.service, in)
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", s.service, err)
	}
	r := &registration{session: s, body: body, health: healthOf(in.State), verifyEvery: verifyEvery}
	r.asked = r.health.status == api.HealthPassing || r.health.status == api.HealthWarning
	r.own = r.health
	body.Check.CheckID = r.checkID()
	body.Check.Status = r.health.status
	body.Check.DeregisterCriticalServiceAfter = s.cfg.DeregisterAfter.String()
	return r, nil
}

// verdict is what a check says.
type verdict struct{ status, output string }

// healthOf is what the check of an instance in state s says. The output never
// changes: Consul would replicate it with every beat.
func healthOf(s sd.State) verdict {
	switch s {
	case sd.Up:
		return verdict{api.HealthPassing, ""}
	case sd.Warning:
		return verdict{api.HealthWarning, ""}
	case sd.Draining:
		return verdict{api.HealthCritical, drainingOutput}
	default:
		return verdict{api.HealthCritical, ""}
	}
}

// verifyEvery is how often it is made sure that the agent and the catalogue have
// the instance as they should, besides the beats.
const verifyEvery = 30 * time.Second

// keep sends beats until ctx ends, which is no error, or the registration is
// lost.
func (r *registration) keep(ctx context.Context, held func()) error {
	beat := time.NewTimer(jitter(r.cfg.TTL/3, 0.1))
	defer beat.Stop()
	taken, failures := time.Now(), 0
	// An agent that has just come back may tell the servers that the check expired
	// after it told them of a beat, and believe the beat was last.
	verified := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		sent := time.Now()
		err := r.beat(ctx)
		if unknown(err) || err == nil && (r.unsure || time.Since(verified) > r.verifyEvery) {
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
			verified = time.Time{}
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
