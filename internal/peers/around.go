package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// aroundKind is what surrounds a call, where the call succeeds: what a policy
// costs when there is nothing to do for it.
const aroundKind = "around"

// choosing is how many instances there are for those that choose one as well.
const choosing = 10

// request is what every call is made with.
const request = "request"

// layer is a policy, or several, around a call that does nothing.
type layer struct {
	policy string
	loop   func(ops int) error

	beside string // the name of the row it is also set against; none if empty
	limits limits

	close func() // may be nil
}

// limits are what a row of ours is to keep, in every round's conditions: they
// are told, and nothing fails by them. Zero is no limit.
type limits struct {
	ns     float64
	allocs int // judged if there is a limit of ns
	beside float64
}

// alone is what any policy of ours may cost by itself.
var alone = limits{ns: 150, allocs: 1} //nolint:gochecknoglobals // constants, as far as Go has them

// aroundFloor is a bare function call.
func aroundFloor() ([]layer, error) { return []layer{{loop: throughEndpoint(nop)}}, nil }

// around measures what surrounds a call.
func (r *run) around() {
	start := time.Now()
	var subjects []*subject
	for _, o := range openers() {
		if o.around == nil {
			continue
		}
		layers, err := o.around()
		if err != nil {
			r.errs = append(r.errs, fmt.Errorf("set up what %s has around a call: %w", o.name, err))
		}
		for _, l := range layers {
			subjects = append(subjects, &subject{system: o.name, policy: l.policy, around: l.loop, beside: l.beside, limits: l.limits, close: l.close})
		}
	}
	defer closeAll(subjects)
	what := loops{n: choosing, rounds: 2 * r.rounds, goroutines: r.surrounded}
	r.loops(what.of(aroundKind, func(s *subject) func(int) error { return s.around }), subjects)
	fmt.Fprintf(r.out, "bench: what surrounds a call measured in %.0f s\n", time.Since(start).Seconds())
}

// throughEndpoint calls e, which is how ours and go-kit's are called.
func throughEndpoint(e endpoint.Endpoint) func(ops int) error {
	return throughContext(context.Background(), e)
}

func throughContext(ctx context.Context, e endpoint.Endpoint) func(ops int) error {
	return func(ops int) error {
		for range ops {
			if _, err := e(ctx, request); err != nil {
				return err
			}
		}
		return nil
	}
}

// throughGet calls what runs a function, as breakers and failsafe-go do.
func throughGet(get func(call func() (any, error)) (any, error)) func(ops int) error {
	ctx := context.Background()
	call := func() (any, error) { return nop(ctx, request) }
	return func(ops int) error {
		for range ops {
			if _, err := get(call); err != nil {
				return err
			}
		}
		return nil
	}
}

// throughGate calls what says whether a call may be made, and is told nothing after.
func throughGate(allow func() bool) func(ops int) error {
	ctx := context.Background()
	return func(ops int) error {
		for range ops {
			if !allow() {
				return errTurnedDown
			}
			if _, err := nop(ctx, request); err != nil {
				return err
			}
		}
		return nil
	}
}

var errTurnedDown = errors.New("a call was turned down")
