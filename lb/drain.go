package lb

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// closeGrace is how much longer than DrainTimeout Close waits for factories,
// closers and the source to return.
const closeGrace = 5 * time.Second

// Close stops watching the instances, refuses new calls with ErrNoEndpoints,
// waits up to DrainTimeout for the calls in flight, and closes every
// connection, also those with calls left. It returns what went wrong with that:
// a closer's error, a call that did not end, somebody else's code that hangs. A
// second Close waits for the first and returns the same.
func (p *Pool) Close() error {
	p.mu.Lock()
	first := !p.shut
	p.shut = true
	p.mu.Unlock()
	if first {
		p.closeErr = p.close()
		close(p.closed)
	}
	<-p.closed
	return p.closeErr
}

func (p *Pool) close() error {
	var (
		mu   sync.Mutex // guards errs
		errs []error
	)
	p.mu.Lock()
	p.stop()
	close(p.done)
	for _, m := range p.order {
		m.drop()
		if m.node == nil {
			continue
		}
		p.wg.Go(func() {
			if err := p.drain(m.node); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	p.members, p.order, p.source = nil, nil, errClosed
	p.publish()
	p.mu.Unlock()

	done := make(chan struct{})
	go func() {
		p.wg.Wait()
		close(done)
	}()
	bound := max(p.cfg.DrainTimeout, 0) + closeGrace
	timer := time.NewTimer(bound)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		mu.Lock()
		defer mu.Unlock()
		errs = append(errs, fmt.Errorf("gave up after %v: a factory, a closer or the source of instances has not returned", bound))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("close pool: %w", errors.Join(errs...))
}

// retire drains a node that picks no longer see. It is called with p.mu held
// before shut is set, or from a goroutine of the pool's, so that Close waits
// for it.
func (p *Pool) retire(n *node) {
	p.wg.Go(func() {
		if err := p.drain(n); err != nil {
			p.cfg.Logger.Log("msg", "instance left, but not cleanly", "err", err)
		}
	})
}

// drain waits until no call is in flight, or for DrainTimeout, and closes the
// node for good. A call picked before and begun after that is refused unsent. It
// is called once.
func (p *Pool) drain(n *node) error {
	n.leaving.Store(true)
	close(n.gone)
	timer := time.NewTimer(max(p.cfg.DrainTimeout, 0))
	defer timer.Stop()
	for !n.inflight.CompareAndSwap(0, closed) {
		select {
		case <-n.idle:
			continue
		case <-timer.C:
		}
		var late error
		if left := n.inflight.Add(closed) - closed; left > 0 && p.cfg.DrainTimeout > 0 {
			late = fmt.Errorf("instance %s: %d calls in flight after %v", n.id, left, p.cfg.DrainTimeout)
		}
		return errors.Join(late, n.close())
	}
	return n.close()
}

func (n *node) close() error {
	if err := shut(n.closer); err != nil {
		return fmt.Errorf("instance %s: %w", n.id, err)
	}
	return nil
}

// shut closes c, which may be nil, and turns a panic into an error.
func shut(c io.Closer) (err error) {
	if c == nil {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("close: panic: %v", r)
		}
	}()
	return c.Close()
}
