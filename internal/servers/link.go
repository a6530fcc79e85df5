package servers

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// link is one client's connection and the connection to the target that
// carries its bytes.
type link struct {
	faults *faults
	cancel context.CancelFunc
	over   chan struct{} // closed when nothing of the link is left

	mu    sync.Mutex // guards the fields below
	conns []*net.TCPConn
	ended bool
}

// run carries bytes until both directions have ended, one has broken, or end is
// called.
func (l *link) run(ctx context.Context, client *net.TCPConn, target string) {
	defer l.end(false)
	if !l.own(client) {
		return
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		l.end(true)
		return
	}
	server := conn.(*net.TCPConn) //nolint:forcetypeassert // the network is tcp
	if !l.own(server) {
		return
	}
	var pumps sync.WaitGroup
	pumps.Go(func() { l.pump(ctx, Up, client, server) })
	pumps.Go(func() { l.pump(ctx, Down, server, client) })
	pumps.Wait()
}

// own makes end close c too, or closes it right away and returns false.
func (l *link) own(c *net.TCPConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		c.Close() //nolint:errcheck // nobody is there to be told
		return false
	}
	l.conns = append(l.conns, c)
	return true
}

// end closes both connections: with a FIN, or with an RST if reset.
func (l *link) end(reset bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	l.cancel()
	for _, c := range l.conns {
		if reset {
			c.SetLinger(0) //nolint:errcheck // a connection that is gone needs no reset
		}
		c.Close() //nolint:errcheck // nobody is there to be told
	}
}

// chunk is what one read gave, and when.
type chunk struct {
	bytes []byte
	came  time.Time
}

// pump carries bytes from one connection to the other. Reading runs ahead of
// writing, so that a delay delays and does not also throttle.
func (l *link) pump(ctx context.Context, dir Direction, from, to *net.TCPConn) {
	queue := make(chan chunk, 64)
	var reader sync.WaitGroup
	defer reader.Wait()
	var readErr error
	reader.Go(func() {
		defer close(queue)
		readErr = read(ctx, from, queue)
	})
	for c := range queue {
		if err := l.write(ctx, dir, to, c); err != nil {
			l.end(false)
			return
		}
	}
	// The end of the stream is held back like its bytes.
	if _, err := l.faults.hold(ctx, dir, time.Now()); err != nil {
		return
	}
	if readErr != nil || to.CloseWrite() != nil {
		l.end(true)
	}
}

// read fills queue until from ends (nil), breaks, or ctx ends.
func read(ctx context.Context, from io.Reader, queue chan<- chunk) error {
	for {
		b := make([]byte, 16<<10)
		n, err := from.Read(b)
		if n > 0 {
			select {
			case queue <- chunk{bytes: b[:n], came: time.Now()}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// write sends c when the faults allow it, in pieces of a twentieth of a second
// where a rate is set.
func (l *link) write(ctx context.Context, dir Direction, to io.Writer, c chunk) error {
	for rest := c.bytes; len(rest) > 0; {
		rate, err := l.faults.hold(ctx, dir, c.came)
		if err != nil {
			return err
		}
		n := len(rest)
		if rate > 0 {
			n = min(n, max(1, rate/20))
			pace(ctx, n, rate)
		}
		if _, err := to.Write(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}
