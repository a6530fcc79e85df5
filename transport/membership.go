package transport

import (
	"context"
	"errors"
	"fmt"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/transport/internal/guard"
)

// membership is this process's place in the registry. One task does both
// halves, so a registrar never sees Deregister while its Register still runs;
// and neither holds up a server, though go-kit's own registrars talk to the
// network in both.
type membership struct {
	*task
	joined chan struct{} // closed when Register has returned
	leave  chan struct{} // closed to have Deregister called
}

// join registers; fail is told of a registrar that panics.
func join(r kitsd.Registrar, fail context.CancelCauseFunc) *membership {
	m := &membership{joined: make(chan struct{}), leave: make(chan struct{})}
	m.task = begin("registrar", func() error {
		err := guard.Call(func() error { r.Register(); return nil })
		if err != nil {
			fail(fmt.Errorf("registrar: %w", err))
		}
		close(m.joined)
		<-m.leave
		left := guard.Call(func() error { r.Deregister(); return nil }) // also after a panic: it may have got half way
		return errors.Join(err, left)
	})
	return m
}
