package transport

import (
	"fmt"
	"math"
	"time"
)

// The names of the steps.
const (
	stepConfig      = "config"
	stepListening   = "listening"
	stepProbe       = "self-probe"
	stepReady       = "ready"
	stepRegister    = "registration"
	stepServing     = "serving"
	stepStopping    = "stopping"
	stepUnready     = "unready"
	stepDeregister  = "deregistration"
	stepPropagation = "propagation"
	stepDrain       = "drain"
	stepForced      = "forced"
	stepClose       = "close"
	stepStopped     = "stopped"
)

// Bounds of the steps that nobody configures. Each is far above what its step
// takes when all is well.
const (
	probeBound    = 5 * time.Second
	readyBound    = 1 * time.Second // to tell all servers
	registryBound = 2 * time.Second
	closeBound    = 2 * time.Second // for all servers to close
	joinBound     = 1 * time.Second // and then for what they did to come back
	logBound      = 1 * time.Second // for the logger to write what it was told
)

// Budget is the longest that Serve takes to return after its ctx has ended,
// whatever hangs: 25 s for the zero Config. Whoever kills the process after some
// time, such as Kubernetes (terminationGracePeriodSeconds, 30 s) or systemd
// (TimeoutStopSec, 90 s), has to give it that.
func (c Config) Budget() time.Duration {
	budget := readyBound + registryBound + closeBound + joinBound + logBound
	for _, wait := range []time.Duration{c.propagation(), c.drain()} {
		budget += min(max(wait, 0), math.MaxInt64-budget)
	}
	return budget
}

func (c Config) propagation() time.Duration {
	if c.Propagation == 0 {
		return 3 * time.Second
	}
	return c.Propagation
}

func (c Config) drain() time.Duration {
	if c.Drain == 0 {
		return 15 * time.Second
	}
	return c.Drain
}

// begin notes that a step has begun.
func (r *run) begin(name, server, why string) *running {
	return r.Timeline.begin(name, server, why)
}

// end notes what a step came to, and says so.
func (r *run) end(step *running, why string, err error) {
	r.scribe.tell(step.end(why, err))
}

// note is a step that takes no time.
func (r *run) note(name, server, why string, err error) {
	r.end(r.begin(name, server, why), why, err)
}

// each has f done to every server at once, each as a step.
func (r *run) each(name string, servers []Server, f func(Server) (why string, err error)) (tasks []*task) {
	for _, s := range servers {
		step := r.begin(name, s.Name, "")
		tasks = append(tasks, begin(s.label()+": "+name, func() (err error) {
			var why string
			defer func() { r.end(step, why, err) }()
			err = contain(func() (err error) { why, err = f(s); return err })
			return err
		}))
	}
	return tasks
}

// summary is the last thing to say of a run.
func (r *run) summary(err error) string {
	code := fmt.Sprintf("exit code %d", ExitCode(err))
	if r.stopped.IsZero() {
		return code
	}
	return fmt.Sprintf("%s, after %s of at most %s", code, time.Since(r.stopped).Round(time.Millisecond), r.Budget())
}

// quit lets the logger write what it was told, and returns why it could not.
func (r *run) quit() error {
	if r.scribe == nil {
		return nil
	}
	close(r.scribe.quit)
	return results(logBound, []*task{r.scribe.task})
}
