package consul

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/consul/api"
)

// errForgotten says that the agent has no such check, or has it under a token
// that is no longer ours, with which it tells the servers about it.
var errForgotten = errors.New("the agent has to be told anew")

// beat says how the instance is or, where the agent sees that by itself, makes
// sure that it still does.
func (r *registration) beat(ctx context.Context) error {
	if err := r.refresh(); err != nil {
		return err
	}
	if r.token != r.shown {
		return errForgotten
	}
	if r.cfg.probed() {
		_, err := r.inspect(ctx)
		return err
	}
	r.judge(ctx)
	return r.say(ctx, r.health)
}

// notReady begins the output of a check whose instance is not.
const notReady = "not ready: "

// judge asks Config.Ready how the instance is. The first reason of a row stays:
// Consul would replicate each.
func (r *registration) judge(ctx context.Context) {
	if r.cfg.Ready == nil || !r.asked {
		return
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := r.cfg.Ready(limited)
	switch {
	case ctx.Err() != nil: // it is about to leave, whatever Ready made of that
	case err == nil:
		r.health = r.own
	case r.health == r.own:
		r.health = verdict{api.HealthCritical, notReady + clean(err.Error())}
	}
}

// clean makes a text one short line.
func clean(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > 256 {
		s = strings.ToValidUTF8(s[:256], "") + "..."
	}
	return s
}

// say makes the check say h.
func (r *registration) say(ctx context.Context, h verdict) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := r.client.Agent().UpdateTTLOpts(r.checkID(), h.output, h.status, r.options(ctx)); err != nil {
		return fmt.Errorf("update check %s: %w", r.checkID(), err)
	}
	return nil
}

// express makes the check say h though it may say something else with the same
// status: agents tell of a new output at once only together with a new status.
func (r *registration) express(ctx context.Context, h verdict) error {
	if h.output != "" {
		if err := r.say(ctx, verdict{status: api.HealthWarning}); err != nil {
			return err
		}
	}
	return r.say(ctx, h)
}

// inspect returns the check that the agent has; errForgotten if none.
func (r *registration) inspect(ctx context.Context) (*api.AgentCheck, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	all, err := r.client.Agent().ChecksWithFilterOpts(fmt.Sprintf("CheckID == %q", r.checkID()), r.options(ctx))
	if err != nil {
		return nil, fmt.Errorf("ask the agent about check %s: %w", r.checkID(), err)
	}
	if check := all[r.checkID()]; check != nil {
		return check, nil
	}
	return nil, fmt.Errorf("check %s: %w", r.checkID(), errForgotten)
}
