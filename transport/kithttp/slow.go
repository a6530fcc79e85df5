package kithttp

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

const (
	slowest   = 1 << 10         // bytes of a body, each second, that are fast enough
	piece     = 64 << 10        // of a response, for which there is a timeout
	abandoned = 5 * time.Second // for what is left of a body that its handler does not want
)

// slowBody is the body of a request, which must come at a certain pace, as Apache's
// mod_reqtimeout has it: a timeout, which is extended by what does come.
type slowBody struct {
	io.ReadCloser

	w       http.ResponseWriter
	timeout time.Duration // negative: none, or the handler has set its own
	whole   io.ReadCloser // without a limit
	call    *cutContext

	start, due time.Time
	n          int64
	ended      bool
}

func (*slowBody) limited() bool { return true }

// stream is for a body that goes on for as long as its client likes, of which
// nothing is kept.
func (b *slowBody) stream() {
	b.ReadCloser, b.timeout = b.whole, -1
	b.call.stream()
}

// Read implements io.Reader.
func (b *slowBody) Read(p []byte) (int, error) {
	b.extend()
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

// extend moves the deadline, though not at every Read: that has its price.
func (b *slowBody) extend() {
	if b.timeout < 0 || b.ended {
		return
	}
	if b.start.IsZero() {
		b.start = time.Now()
	}
	due := b.start.Add(b.timeout + time.Duration(b.n)*(time.Second/slowest))
	if due.Sub(b.due) > b.timeout/8 {
		b.due = due
		b.deadline(due)
	}
}

// leave is for what the handler has not read, and net/http now will.
func (b *slowBody) leave() {
	if b.ReadCloser != nil && b.timeout >= 0 && !b.ended {
		b.deadline(time.Now().Add(min(b.timeout, abandoned)))
	}
}

func (b *slowBody) deadline(at time.Time) {
	_ = http.NewResponseController(b.w).SetReadDeadline(at) // a recorder has none
}

// slowListener gives the clients of its connections a time to take what is written
// to them.
type slowListener struct {
	net.Listener

	timeout time.Duration
}

// Accept implements net.Listener.
func (l slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &slowConn{Conn: c, timeout: l.timeout}, nil
}

// slowConn has a new deadline for every piece that is written, so that a response
// may take as long as it likes while its client takes it. A deadline that somebody
// else sets goes instead until it is unset, as net/http does after each request.
type slowConn struct {
	net.Conn

	timeout time.Duration
	own     atomic.Bool  // somebody has set a deadline
	due     atomic.Int64 // of the latest; in nanoseconds since 1970
}

var _ io.ReaderFrom = (*slowConn)(nil)

// SetWriteDeadline implements net.Conn.
func (c *slowConn) SetWriteDeadline(at time.Time) error {
	if c.note(at) {
		return nil
	}
	return c.Conn.SetWriteDeadline(at)
}

// SetDeadline implements net.Conn. It unsets also a deadline that extend has set.
func (c *slowConn) SetDeadline(at time.Time) error {
	c.note(at)
	c.due.Store(0)
	return c.Conn.SetDeadline(at)
}

// note reports whether nothing changes: there was no deadline of somebody's, and
// there is none.
func (c *slowConn) note(at time.Time) bool {
	if was := c.own.Swap(!at.IsZero()); !was && at.IsZero() {
		return true
	}
	c.due.Store(0)
	return false
}

// extend sets the deadline unless the latest is good for most of the time.
func (c *slowConn) extend() {
	if c.own.Load() {
		return
	}
	now := time.Now()
	if at := now.Add(c.timeout); c.due.Load() < at.Add(-c.timeout/8).UnixNano() {
		c.due.Store(at.UnixNano())
		_ = c.Conn.SetWriteDeadline(at) // a connection that is closed will say so
	}
}

// Write implements net.Conn.
func (c *slowConn) Write(b []byte) (n int, err error) {
	for {
		part := b[n:min(n+piece, len(b))]
		c.extend()
		m, err := c.Conn.Write(part)
		if n += m; err != nil || n == len(b) {
			return n, err
		}
	}
}

// ReadFrom has the kernel send a file, where it can. Any other source may be slow
// itself, which is no fault of the client's: there the time is that of each Write.
func (c *slowConn) ReadFrom(r io.Reader) (n int64, err error) {
	rest, limited := r.(*io.LimitedReader)
	if !isFile(r) && (!limited || !isFile(rest.R)) {
		return io.Copy(onlyWriter{c}, r)
	}
	for {
		part := &io.LimitedReader{R: r, N: piece}
		if limited { // the kernel looks through one, and not through two
			part.R, part.N = rest.R, min(rest.N, piece)
		}
		want := part.N
		c.extend()
		m, err := io.Copy(c.Conn, part)
		n += m
		if limited {
			rest.N -= m
		}
		if err != nil || m < want || limited && rest.N <= 0 {
			return n, err
		}
	}
}

func isFile(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}
