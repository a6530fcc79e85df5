package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Proxy is a TCP proxy on the loopback interface that does to connections what
// networks do. Faults act on open connections and on later ones until Heal, and
// add up; Reset alone is over at once. Methods may be called from any
// goroutine. Whoever started it closes it.
//
// A connection that the target refuses is accepted here and reset: a proxy
// cannot refuse on another's behalf. Use Cut for refusals.
type Proxy struct {
	target string
	port   *port
	faults *faults

	ops       sync.Mutex // one Cut, Heal or Close at a time
	accepting sync.WaitGroup

	mu       sync.Mutex // guards the fields below
	listener *net.TCPListener
	links    map[*link]struct{}
	closed   bool
	broken   error // why it stopped accepting connections by itself; nil if it did not
}

// StartProxy starts a proxy to target (host:port), which need not be there yet.
func StartProxy(target string) (*Proxy, error) {
	port, err := reservePort()
	if err != nil {
		return nil, fmt.Errorf("start a proxy to %s: %w", target, err)
	}
	p := &Proxy{target: target, port: port, faults: newFaults(), links: make(map[*link]struct{})}
	if err := p.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("start a proxy to %s: %w", target, err), port.release())
	}
	return p, nil
}

// Addr is where clients connect: host:port. It never changes.
func (p *Proxy) Addr() string { return p.port.addr() }

// Cut closes every connection and refuses new ones, until Heal.
func (p *Proxy) Cut() {
	p.ops.Lock()
	defer p.ops.Unlock()
	p.cut()
}

func (p *Proxy) cut() {
	p.mu.Lock()
	l := p.listener
	p.listener = nil
	p.mu.Unlock()
	if l != nil {
		l.Close() //nolint:errcheck // it is gone either way
		p.accepting.Wait()
	}
	p.endLinks(false)
}

// Reset breaks every connection with an RST on both sides. New ones work.
func (p *Proxy) Reset() { p.endLinks(true) }

// Stall holds all bytes of a direction back, and the ends of streams; the
// connections stay open. Bytes held flow on Heal, in order.
func (p *Proxy) Stall(d Direction) { p.faults.change(func(f *faults) { f.stalled |= d }) }

// Delay makes every byte arrive d later, in each direction; the throughput
// stays.
func (p *Proxy) Delay(d time.Duration) { p.faults.change(func(f *faults) { f.delay = d }) }

// Trickle limits each direction of each connection to so many bytes per second (0: no limit).
func (p *Proxy) Trickle(bytesPerSecond int) {
	p.faults.change(func(f *faults) { f.rate = bytesPerSecond })
}

// Heal ends every fault. Connections that were cut or reset stay so. It fails
// if the proxy cannot listen on its port again; the other faults are over then.
func (p *Proxy) Heal() error {
	p.ops.Lock()
	defer p.ops.Unlock()
	p.faults.change(func(f *faults) { f.stalled, f.delay, f.rate = 0, 0, 0 })
	if err := p.listen(); err != nil {
		return fmt.Errorf("heal the proxy to %s: %w", p.target, err)
	}
	return nil
}

// Close ends the proxy and joins its goroutines. It returns what went wrong
// with the proxy itself while it ran. It may be called again.
func (p *Proxy) Close() error {
	p.ops.Lock()
	defer p.ops.Unlock()
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	p.cut()
	if again {
		return nil
	}
	err := p.port.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err = errors.Join(p.broken, err); err != nil {
		return fmt.Errorf("proxy to %s: %w", p.target, err)
	}
	return nil
}

// listen accepts connections on the proxy's port, if it does not already.
func (p *Proxy) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.closed {
		return nil
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p.port.number})
	if err != nil {
		return err
	}
	p.listener = l
	p.accepting.Go(func() { p.accept(l) })
	return nil
}

// accept serves l until it is closed.
func (p *Proxy) accept(l *net.TCPListener) {
	for {
		c, err := l.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			p.mu.Lock()
			p.broken = err
			p.mu.Unlock()
			return
		}
		p.carry(c)
	}
}

// carry starts a link for c; endLinks and Cut join it.
func (p *Proxy) carry(c *net.TCPConn) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{faults: p.faults, cancel: cancel, over: make(chan struct{})}
	p.mu.Lock()
	p.links[l] = struct{}{}
	p.mu.Unlock()
	go func() {
		defer close(l.over)
		l.run(ctx, c, p.target)
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
}

// endLinks breaks all connections and waits until nothing of them is left.
func (p *Proxy) endLinks(reset bool) {
	p.mu.Lock()
	links := make([]*link, 0, len(p.links))
	for l := range p.links {
		links = append(links, l)
	}
	p.mu.Unlock()
	for _, l := range links {
		l.end(reset)
	}
	for _, l := range links {
		<-l.over
	}
}
