package kithttp

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/kitgen/kitgen/transport"
)

// inflight is a call that is being served: the ResponseWriter and the body that
// its handler sees, and the context, in one allocation.
type inflight struct {
	http.ResponseWriter

	server   *server
	ctx      cutContext
	body     slowBody
	told     bool // the header is gone
	status   int
	hijacked bool
	http2    bool
	unsent   int // bytes of an HTTP/2 response since the last that were waited for
}

var (
	_ http.Flusher    = (*inflight)(nil)
	_ http.Hijacker   = (*inflight)(nil)
	_ io.ReaderFrom   = (*inflight)(nil)
	_ io.StringWriter = (*inflight)(nil)
)

func newInflight(s *server, w http.ResponseWriter, r *http.Request) *inflight {
	c := &inflight{ResponseWriter: w, server: s, http2: r.ProtoMajor == 2}
	c.ctx.begin(r.Context(), &s.cutoff)
	if r.Body != nil && r.Body != http.NoBody {
		c.body = slowBody{ReadCloser: atMost(w, r.Body, s.cfg.MaxBody), whole: r.Body, call: &c.ctx, w: w, timeout: s.cfg.ReadTimeout}
	}
	return c
}

// request is what the handler is given.
func (c *inflight) request(r *http.Request) *http.Request {
	r = r.WithContext(&c.ctx)
	if c.body.ReadCloser == nil {
		r.Body = http.NoBody
	} else {
		r.Body = &c.body
	}
	return r
}

// returned is called when the handler has, unless it panicked. A call that was cut
// off must not look like one that was answered.
func (c *inflight) returned() {
	switch {
	case c.hijacked:
		return
	case !c.ctx.cut.Load():
	case !c.told:
		EncodeError(&c.ctx, transport.ErrStopping, c)
	case c.status < 400 && c.Header().Get("Content-Length") == "":
		panic(http.ErrAbortHandler) // with a length, net/http sees to it
	}
	c.body.leave()
	if c.http2 { // what is left is written now, and may have to wait for the client
		c.bound()
	}
}

func (c *inflight) end() { c.ctx.end() }

// Unwrap is for http.ResponseController.
func (c *inflight) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (c *inflight) WriteHeader(status int) {
	if (status >= 200 || status == http.StatusSwitchingProtocols) && !c.told {
		c.told, c.status = true, status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *inflight) writes() {
	if !c.told {
		c.told, c.status = true, http.StatusOK
	}
}

// Write implements http.ResponseWriter.
func (c *inflight) Write(b []byte) (int, error) {
	c.writes()
	if c.http2 {
		return c.write2(b)
	}
	return c.ResponseWriter.Write(b)
}

// WriteString implements io.StringWriter.
func (c *inflight) WriteString(text string) (int, error) {
	c.writes()
	if c.http2 {
		return c.write2([]byte(text))
	}
	return io.WriteString(c.ResponseWriter, text)
}

// ReadFrom leaves it to net/http to have the kernel send a file.
func (c *inflight) ReadFrom(r io.Reader) (int64, error) {
	c.writes()
	if rf, ok := c.ResponseWriter.(io.ReaderFrom); ok {
		return rf.ReadFrom(r)
	}
	return io.Copy(onlyWriter{c}, r)
}

type onlyWriter struct{ io.Writer }

// Flush does nothing where the server cannot.
func (c *inflight) Flush() { _ = c.FlushError() }

// FlushError is what http.ResponseController calls. The call is a stream from now
// on.
func (c *inflight) FlushError() error {
	c.writes()
	c.ctx.stream()
	if c.http2 {
		defer c.unbound(c.bound())
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// Hijack fails with http.ErrNotSupported where the server cannot.
func (c *inflight) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := c.server.hijacked.take(http.NewResponseController(c.ResponseWriter).Hijack)
	if err != nil {
		return nil, nil, err
	}
	c.hijacked, c.told = true, true
	c.ctx.stream()
	return conn, rw, nil
}

// SetReadDeadline is for http.ResponseController: the handler knows better.
func (c *inflight) SetReadDeadline(at time.Time) error {
	c.body.timeout = -1
	return http.NewResponseController(c.ResponseWriter).SetReadDeadline(at)
}

// SetWriteDeadline is for http.ResponseController, too.
func (c *inflight) SetWriteDeadline(at time.Time) error {
	c.unsent = owned
	return http.NewResponseController(c.ResponseWriter).SetWriteDeadline(at)
}

// CloseNotify is how gin's Stream learns that nobody listens any more.
func (c *inflight) CloseNotify() <-chan bool {
	gone := make(chan bool, 1)
	context.AfterFunc(&c.ctx, func() { gone <- true })
	return gone
}

// HTTP/2 has a window for each stream, so that a client can be slow without the
// connection being so. net/http lets go of what it buffers, 4 KiB, or is told to
// flush; there it can block.
const (
	buffered2 = 4 << 10
	owned     = -1 // inflight.unsent where the handler has a deadline of its own
)

// write2 bounds the time that each part of b takes.
func (c *inflight) write2(b []byte) (n int, err error) {
	for err == nil && len(b) > 0 {
		part := b[:min(len(b), piece)]
		b = b[len(part):]
		blocks := false
		if c.unsent != owned {
			c.unsent += len(part)
			blocks = c.unsent >= buffered2
		}
		if blocks {
			c.unsent = 0
			c.bound()
		}
		var m int
		m, err = c.ResponseWriter.Write(part)
		n += m
		c.unbound(blocks)
	}
	return n, err
}

// bound has the stream reset unless unbound is called in time.
func (c *inflight) bound() bool {
	timeout := c.server.cfg.WriteTimeout
	if timeout < 0 || c.unsent == owned {
		return false
	}
	return http.NewResponseController(c.ResponseWriter).SetWriteDeadline(time.Now().Add(timeout)) == nil
}

func (c *inflight) unbound(bound bool) {
	if bound {
		_ = http.NewResponseController(c.ResponseWriter).SetWriteDeadline(time.Time{}) // it could be set, so it can be unset
	}
}
