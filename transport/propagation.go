package transport

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// vigil watches for callers to have found out that this process leaves.
type vigil struct {
	*task

	asked chan struct{}          // closed once the registrar is about to be asked
	gone  chan struct{}          // closed once they have
	doubt atomic.Pointer[string] // why that is not known yet
}

// quietFor is how long no new call must have begun after the removal was seen:
// a caller that has chosen this instance a moment before is still to come.
func (r *run) quietFor() time.Duration { return min(time.Second, r.Propagation/3) }

// watch begins a vigil that lasts until ctx ends at the longest. It is called
// before this process is removed from the registry, so that what it sees of the
// removal is as late as what callers see.
func (r *run) watch(ctx context.Context) *vigil {
	v := &vigil{asked: make(chan struct{}), gone: make(chan struct{})}
	v.task = begin("registrar: gone", func() error {
		close(v.asked)
		if r.member == nil {
			v.doubts("registered nowhere, so nobody can tell who calls")
			return nil
		}
		registry, ok := r.Registrar.(leaver)
		if !ok {
			v.doubts("the registrar cannot tell what callers see")
			return nil
		}
		v.doubts("callers' view of the registry still has this instance")
		if err := contain(func() error { return registry.Gone(ctx) }); err == nil {
			r.listen(ctx, v)
		} else if ctx.Err() == nil {
			v.doubts("what callers see is not known: %s", brief(fmt.Errorf("%w", err)))
		}
		return nil
	})
	<-v.asked
	return v
}

// listen ends when no server has begun a call for long enough.
func (r *run) listen(ctx context.Context, v *vigil) {
	for _, s := range r.Servers {
		if s.Calls == nil {
			v.doubts("the %s server does not count its calls", s.Name)
			return
		}
	}
	v.doubts("calls have not ceased")
	tick := time.NewTicker(max(r.quietFor()/20, time.Millisecond))
	defer tick.Stop()
	calls, since := r.calls(), time.Now()
	for time.Since(since) < r.quietFor() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if now := r.calls(); now != calls {
			calls, since = now, time.Now()
		}
	}
	close(v.gone)
}

// calls is how many calls all servers have begun.
func (r *run) calls() (n uint64) {
	for _, s := range r.Servers {
		n += s.Calls()
	}
	return n
}

// why is what stands against callers' having gone.
func (v *vigil) why() string {
	if doubt := v.doubt.Load(); doubt != nil {
		return *doubt
	}
	return "the registrar was not asked in time"
}

func (v *vigil) doubts(format string, args ...any) {
	doubt := fmt.Sprintf(format, args...)
	v.doubt.Store(&doubt)
}

// propagate keeps serving while callers find out: for all of the time that is
// given, unless v can tell that they have.
func (r *run) propagate(force context.Context, v *vigil) {
	step := r.begin(stepPropagation, "", fmt.Sprintf("at most %s", r.Propagation))
	r.scribe.tell(step.now())
	timer := time.NewTimer(r.Propagation)
	defer timer.Stop()
	select {
	case <-v.gone:
		r.end(step, fmt.Sprintf("removal seen, and no new call for %s", r.quietFor()), nil)
	case <-timer.C:
		r.end(step, "full time: "+v.why(), nil)
	case <-force.Done():
		r.end(step, "cut short", context.Cause(force))
	}
}
