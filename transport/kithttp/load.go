package kithttp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/kitgen/kitgen/internal/load"
)

// Meter measures how busy a process is: requests in flight, and the median
// latency of recent ones. The zero Meter is ready, and safe for concurrent use.
// It is the same type as kitgrpc.Meter: servers that share a process share one.
type Meter = load.Meter

// LoadPath is where a server with Load answers how busy it is.
const LoadPath = "/loadz"

// Load measures what h serves by m (by a meter of its own if m is nil), and
// tells clients, so that they can avoid a busy server: in the header Kit-Load of
// every response, such as "rif=3, latency=12000us", and in that of an empty
// response to LoadPath, which it answers itself and does not count. lb.Probing
// reads both.
//
// A request counts until its handler returns, and is not counted in its own
// response. Latencies are those of answers: what fails (status 429 and from 500,
// a panic), whose caller has left, or is a stream (it was flushed or hijacked)
// is not timed.
func Load(h http.Handler, m *Meter) http.Handler {
	if m == nil {
		m = new(Meter)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == LoadPath {
			w.Header()[load.Header] = []string{m.Report().String()}
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		lw := &loadWriter{ResponseWriter: w, request: m.Begin(), untimed: true}
		defer lw.end()
		h.ServeHTTP(lw, r)
		lw.wrote() // an empty response
		lw.untimed = lw.stream || lw.failed || r.Context().Err() != nil
	})
}

// loadWriter puts the report into the header at the last moment.
type loadWriter struct {
	http.ResponseWriter
	request load.Request
	told    bool // the header is gone
	failed  bool // by its status
	stream  bool
	untimed bool // whatever the reason; true until the handler has returned
}

var (
	_ http.Flusher  = (*loadWriter)(nil)
	_ http.Hijacker = (*loadWriter)(nil)
	_ io.ReaderFrom = (*loadWriter)(nil)
)

// Unwrap is for http.ResponseController.
func (w *loadWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// wrote is called before anything of the response is written.
func (w *loadWriter) wrote() {
	if w.told {
		return
	}
	w.told = true
	w.Header()[load.Header] = []string{w.request.Report().String()}
}

func (w *loadWriter) end() {
	if w.untimed {
		w.request.Drop()
	} else {
		w.request.End()
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *loadWriter) WriteHeader(status int) {
	if informational := status < 200 && status != http.StatusSwitchingProtocols; !informational && !w.told {
		w.failed = status == http.StatusTooManyRequests || status >= 500
		w.wrote()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *loadWriter) Write(b []byte) (int, error) {
	w.wrote()
	return w.ResponseWriter.Write(b)
}

// ReadFrom leaves it to net/http to have the kernel send a file.
func (w *loadWriter) ReadFrom(r io.Reader) (int64, error) {
	w.wrote()
	return io.Copy(w.ResponseWriter, r)
}

// Flush does nothing where the server cannot.
func (w *loadWriter) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController calls.
func (w *loadWriter) FlushError() error {
	w.stream = true
	w.wrote()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// CloseNotify is how gin's Stream learns that nobody listens any more. It never
// says so where the server does not.
func (w *loadWriter) CloseNotify() <-chan bool {
	if n, ok := w.ResponseWriter.(interface{ CloseNotify() <-chan bool }); ok {
		return n.CloseNotify()
	}
	return nil
}

// Hijack fails with http.ErrNotSupported where the server cannot.
func (w *loadWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.stream, w.told = true, true
	}
	return conn, rw, err
}

// Probe asks the server at base how busy it is: requests in flight, and the
// median latency of recent ones, 0 if it does not know. The server needs Load.
// The closer of what Factory makes has a method Probe(ctx) that calls it over
// the instance's own connections, by which lb.Probing asks.
func Probe(ctx context.Context, c *http.Client, base *url.URL) (inFlight int, latency time.Duration, err error) {
	target := base.JoinPath(LoadPath).String()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return 0, 0, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxProblem) // so that the connection can be used again
	text := resp.Header.Get(load.Header)
	if text == "" {
		return 0, 0, fmt.Errorf("GET %s: %s without a header %s: the server's handler needs kithttp.Load", target, resp.Status, load.Header)
	}
	r, err := load.Parse(text)
	if err != nil {
		return 0, 0, fmt.Errorf("GET %s: %w", target, err)
	}
	return r.InFlight, r.Latency, nil
}
