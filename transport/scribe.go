package transport

import (
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/transport/internal/guard"
)

// scribe writes steps through a logger that may be slow, stuck or broken: in a
// goroutine of its own, so that a pipe that nobody reads holds up no stop.
type scribe struct {
	logger log.Logger
	steps  chan Step     // a line each; what does not fit any more is not written
	quit   chan struct{} // closed when the last step has been told
	*task
}

// room is for all the steps of a Serve with twenty servers.
const room = 128

func newScribe(logger log.Logger) *scribe {
	if logger == nil {
		return nil
	}
	s := &scribe{logger: logger, steps: make(chan Step, room), quit: make(chan struct{})}
	s.task = begin("logger", func() error { s.run(); return nil })
	return s
}

// tell has a step written. It may still be called after quit.
func (s *scribe) tell(step Step) {
	if s == nil || step.Name == stepConfig && step.Err == "" { // that it is well-formed is no news
		return
	}
	select {
	case s.steps <- step:
	default:
	}
}

// run ends once everything that was told before quit is written.
func (s *scribe) run() {
	for {
		select {
		case step := <-s.steps:
			s.write(step)
		case <-s.quit:
			for len(s.steps) > 0 {
				s.write(<-s.steps)
			}
			return
		}
	}
}

// write is a line for a step. One that the logger panics at is lost.
func (s *scribe) write(step Step) {
	_ = guard.Call(func() error { return line(s.logger, step) })
}

// line writes what a step came to, or that it goes on.
func line(logger log.Logger, s Step) error {
	to := level.Info(logger)
	if s.Err != "" {
		to = level.Warn(logger)
	}
	fields := []any{"msg", s.Name}
	if s.Server != "" {
		fields = append(fields, "server", s.Server)
	}
	if s.Why != "" {
		key := "why"
		if s.Name == stepListening {
			key = "addr"
		}
		fields = append(fields, key, s.Why)
	}
	if took := s.Took.Round(time.Millisecond); took > 0 {
		fields = append(fields, "took", took)
	}
	if s.Err != "" {
		fields = append(fields, "err", s.Err)
	}
	return to.Log(fields...)
}
