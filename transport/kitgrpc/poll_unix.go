//go:build unix

package kitgrpc

import (
	"errors"
	"io"
	"net"
	"syscall"

	"google.golang.org/grpc/mem"

	"github.com/kitgen/kitgen/transport/internal/conns"
)

// poller reads from a socket into buffers that it takes only when there is
// something to read. It is for one goroutine.
type poller struct {
	raw syscall.RawConn
	try func(fd uintptr) bool // made once, since each would be an allocation

	// Of one read: what try needs, and what it found.
	size int
	pool mem.BufferPool
	buf  *[]byte
	n    int
	err  error
}

// newPoller is nil if c is no socket, or is one in the hands of somebody who may
// read it otherwise.
func newPoller(c net.Conn) *poller {
	s := conns.Socket(c)
	if s == nil {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	p := &poller{raw: raw}
	p.try = p.attempt
	return p
}

// attempt reads, and reports whether it need not wait.
func (p *poller) attempt(fd uintptr) bool {
	p.buf = p.pool.Get(p.size)
	for {
		p.n, p.err = syscall.Read(int(fd), *p.buf)
		if !errors.Is(p.err, syscall.EINTR) {
			break
		}
	}
	if !errors.Is(p.err, syscall.EAGAIN) {
		return true
	}
	p.pool.Put(p.buf)
	p.buf, p.n, p.err = nil, 0, nil
	return false
}

// read returns a buffer of pool's, unless it is nil.
func (p *poller) read(size int, pool mem.BufferPool) (buf *[]byte, n int, err error) {
	p.size, p.pool = size, pool
	err = p.raw.Read(p.try)
	buf, n = p.buf, max(p.n, 0)
	if err == nil {
		err = p.err
	}
	if err == nil && n == 0 {
		err = io.EOF
	}
	p.pool, p.buf, p.n, p.err = nil, nil, 0, nil
	return buf, n, err
}
