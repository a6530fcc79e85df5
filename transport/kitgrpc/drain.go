package kitgrpc

import (
	"context"
	"time"
)

// longestGrace is what streams have at most where nobody says otherwise. Who
// holds one open for longer would do so for ever.
const longestGrace = 5 * time.Second

// lastGrace is what handlers have to come back whose calls have been cut off.
const lastGrace = 500 * time.Millisecond

// leave is what every stop begins with.
func (s *Server) leave() {
	s.leaving.Store(true)
	s.health.Shutdown()
	s.newcomer.close()
	s.open.end(ours)
}

// shutdown drains: clients are told to go (GOAWAY), calls in flight finish, and
// streams end. If ctx ends before, they are cut off, and handlers that do not heed
// that are left behind, with a goroutine that waits for them.
func (s *Server) shutdown(ctx context.Context) error {
	s.leave()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.GracefulStop()
	}()
	// First those streams end whose handlers heed their context, or wait for
	// their client. What the others still have to say is not heard much longer.
	grace := s.grace(ctx)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	which := all
	for {
		select {
		case <-done:
			return nil
		case <-timer.C:
			s.open.end(which)
			if deadline, ok := ctx.Deadline(); ok && which == all {
				timer.Reset(time.Until(deadline) / 2)
			}
			which = deaf
		case <-ctx.Done():
			s.Stop() // ends the calls' contexts
			timer.Reset(lastGrace)
			select {
			case <-done:
			case <-timer.C: // GracefulStop ends with the handlers, of which there are deaf ones
			}
			return ctx.Err()
		}
	}
}

// grace is how long streams may still go on.
func (s *Server) grace(ctx context.Context) time.Duration {
	if s.cfg.StreamGrace != 0 {
		return max(s.cfg.StreamGrace, 0)
	}
	if deadline, ok := ctx.Deadline(); ok {
		return min(time.Until(deadline)/3, longestGrace)
	}
	return longestGrace
}
