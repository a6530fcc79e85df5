package kitgrpc

import (
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"

	"github.com/kitgen/kitgen/transport"
)

// newcomers are the connections that have not begun to talk HTTP/2 yet. gRPC's
// GracefulStop waits for their handshake before it tells anybody else to go,
// and Stop waits as long: one silent connection would take ten seconds of every
// drain. No call can be on them, so they are closed.
type newcomers struct {
	mu     sync.Mutex // guards the fields below
	conns  map[net.Conn]struct{}
	closed bool
}

// add reports whether there may still be newcomers.
func (n *newcomers) add(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	if n.conns == nil {
		n.conns = make(map[net.Conn]struct{})
	}
	n.conns[c] = struct{}{}
	return true
}

func (n *newcomers) remove(c net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}

// close closes those that are there, and those that come.
func (n *newcomers) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for c := range n.conns {
		_ = c.Close() // nobody has used it
	}
}

// watched are a server's credentials, whose connections are newcomers until the
// client's preface has come.
type watched struct {
	credentials.TransportCredentials

	newcomers *newcomers
}

// ServerHandshake implements credentials.TransportCredentials.
func (w watched) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if !w.newcomers.add(raw) {
		return nil, nil, transport.ErrStopping
	}
	c, info, err := w.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		w.newcomers.remove(raw)
		return nil, nil, err
	}
	n := &newcomer{Conn: c, raw: raw, of: w.newcomers}
	if c == raw {
		n.poll = newPoller(raw)
	}
	return n, info, nil
}

// Clone implements credentials.TransportCredentials.
func (w watched) Clone() credentials.TransportCredentials {
	return watched{w.TransportCredentials.Clone(), w.newcomers}
}

// prefaceLen is that of HTTP/2's client connection preface: 24 bytes of magic,
// and the head of the first frame.
const prefaceLen = 24 + 9

// newcomer is a connection that counts until prefaceLen.
type newcomer struct {
	net.Conn

	raw  net.Conn
	of   *newcomers
	poll *poller // nil where a read has to hold its buffer while it waits
	read int     // up to prefaceLen; of the one goroutine that reads
}

// Read implements net.Conn.
func (c *newcomer) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.count(n)
	return n, err
}

// ReadOnReady is what gRPC looks for by shape, so that a connection that is idle
// holds no buffer: 32 KiB each are much for ten thousand.
func (c *newcomer) ReadOnReady(size int, pool mem.BufferPool) (buf *[]byte, n int, err error) {
	if c.poll != nil {
		buf, n, err = c.poll.read(size, pool)
	} else {
		buf = pool.Get(size)
		n, err = c.Conn.Read(*buf)
	}
	c.count(n)
	if n == 0 && buf != nil {
		pool.Put(buf)
		buf = nil
	}
	return buf, n, err
}

func (c *newcomer) count(n int) {
	if c.read >= prefaceLen {
		return
	}
	if c.read += n; c.read >= prefaceLen {
		c.of.remove(c.raw)
	}
}

// Close implements net.Conn.
func (c *newcomer) Close() error {
	c.of.remove(c.raw)
	return c.Conn.Close()
}
