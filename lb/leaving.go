package lb

import (
	"io"
	"time"
)

// believed is for how long an instance is spared that said it is leaving. Its
// registry will say so, too, before that; and where an address is that of a load
// balancer, of which one server leaves, it is the others' turn again.
const believed = 30 * time.Second

// listenTo has the pool told when the instance says, in the answer to a call, that
// it leaves: usually before its registry does, and also where that is down.
func (p *Pool) listenTo(n *node, c io.Closer) {
	if says, ok := c.(interface{ OnDrain(f func()) }); ok {
		says.OnDrain(func() { p.spare(n) })
	}
}

// spare has n picked only if there is nobody else, for as long as that is believed.
func (p *Pool) spare(n *node) {
	if n.spared.Load() || !n.spared.CompareAndSwap(false, true) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return
	}
	p.publish()
	p.wg.Go(func() {
		timer := time.NewTimer(believed)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-n.gone: // as its registry said, too
			return
		case <-p.done:
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		n.spared.Store(false)
		if !p.shut {
			p.publish()
		}
	})
}
