package lb

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// connect calls the factory until it has a node for d, or d is overtaken.
func (p *Pool) connect(d *dial) {
	for pause := p.cfg.MinBackoff; ; pause = min(2*pause, p.cfg.MaxBackoff) {
		n, err := p.open(d)
		if p.settle(d, n, err) {
			return
		}
		select {
		case <-time.After(rand.N(pause) + 1): // full jitter
		case <-d.over:
			return
		case <-p.done:
			return
		}
	}
}

// open makes a node by the factory and the guard. Both are somebody else's
// code on a goroutine without a caller: a panic must not end the process.
func (p *Pool) open(d *dial) (n *node, err error) {
	var closer io.Closer
	defer func() {
		if r := recover(); r != nil {
			n, err = nil, errors.Join(fmt.Errorf("panic: %v", r), shut(closer))
		}
	}()
	var ep endpoint.Endpoint
	ep, closer, err = p.factory(d.addr)
	switch {
	case err != nil:
		return nil, err
	case ep == nil:
		return nil, errors.Join(errors.New("the factory returned no endpoint"), shut(closer))
	}
	return newNode(p, d, ep, closer), nil
}

// settle hands the outcome of a dial to its member, and reports whether the
// dial is over.
func (p *Pool) settle(d *dial, n *node, err error) bool {
	p.mu.Lock()
	m := p.members[d.id]
	if m == nil || m.dial != d { // overtaken
		if n != nil {
			p.retire(n)
		}
		p.mu.Unlock()
		return true
	}
	before, replaced := m.err, m.node
	m.err = err
	if err == nil {
		m.node, m.dial = n, nil
		n.weigh(m.in.Weight)
		p.dialing--
		if d.joins {
			n.welcome(m.in)
		}
	}
	if err == nil && replaced != nil {
		p.leaving = append(p.leaving, replaced)
	}
	switch nobody := len(p.snap.Load().all) == 0; {
	case err == nil:
		p.publishSoon(nobody || p.dialing == 0) // the first is what callers wait for, and after the last there is nothing to wait for
	case nobody, len(p.leaving) > 0, before == nil:
		p.publishSoon(false) // another reason, or nobody to wait for: see between and WaitReady
	}
	p.mu.Unlock()

	// Once per change, not per try, and not under the lock.
	switch {
	case err != nil && before == nil:
		p.cfg.Logger.Log("msg", "cannot connect, will keep trying", "instance", d.id, "addr", d.addr, "err", err)
	case err == nil && before != nil:
		p.cfg.Logger.Log("msg", "connected after all", "instance", d.id, "addr", d.addr)
	}
	return err == nil
}
