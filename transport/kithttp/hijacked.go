package kithttp

import (
	"bufio"
	"context"
	"net"
	"sync"
)

// hijacked is the connections that handlers have taken over and not closed, of
// which net/http knows nothing any more. The zero value is ready.
type hijacked struct {
	mu     sync.Mutex // guards what follows
	conns  map[*hijackedConn]struct{}
	closed bool          // what comes now is too late
	none   chan struct{} // closed when there is none left; nil unless somebody waits
}

type hijackedConn struct {
	net.Conn

	of *hijacked
}

// Close implements net.Conn.
func (c *hijackedConn) Close() error {
	c.of.remove(c)
	return c.Conn.Close()
}

// take takes a connection over by hijack. It counts from before net/http forgets it,
// so that no end misses it.
func (h *hijacked) take(hijack func() (net.Conn, *bufio.ReadWriter, error)) (net.Conn, *bufio.ReadWriter, error) {
	c := &hijackedConn{of: h}
	h.mu.Lock()
	if h.conns == nil {
		h.conns = make(map[*hijackedConn]struct{})
	}
	h.conns[c] = struct{}{}
	h.mu.Unlock()
	conn, rw, err := hijack()
	if err != nil {
		h.remove(c)
		return nil, nil, err
	}
	h.mu.Lock()
	c.Conn = conn
	late := h.closed
	h.mu.Unlock()
	if late {
		_ = c.Close()
	}
	return c, rw, nil
}

func (h *hijacked) remove(c *hijackedConn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	if len(h.conns) == 0 && h.none != nil {
		close(h.none)
		h.none = nil
	}
}

// wait returns when there is none, or with ctx's error.
func (h *hijacked) wait(ctx context.Context) error {
	h.mu.Lock()
	if len(h.conns) == 0 {
		h.mu.Unlock()
		return nil
	}
	if h.none == nil {
		h.none = make(chan struct{})
	}
	none := h.none
	h.mu.Unlock()
	select {
	case <-none:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close closes all, so that whoever reads from one notices.
func (h *hijacked) close() {
	h.mu.Lock()
	h.closed = true
	var all []*hijackedConn
	for c := range h.conns {
		if c.Conn != nil { // or take closes it
			all = append(all, c)
		}
	}
	h.mu.Unlock()
	for _, c := range all {
		_ = c.Close() // its owner will close it once more
	}
}
