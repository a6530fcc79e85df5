package kithttp

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/draining"
)

// Config limits what one client can take from a server. The zero value is fit
// for JSON services.
type Config struct {
	ReadHeaderTimeout time.Duration // 5 s if zero, none if negative
	ReadTimeout       time.Duration // for a request's body, and 1 s more for each KiB of it that has come; 30 s if zero, none if negative
	WriteTimeout      time.Duration // for a client to take the next 64 KiB of a response, or what there is; 30 s if zero, none if negative
	IdleTimeout       time.Duration // 2 min if zero, none if negative; longer than a client's own (90 s here), which must be the one to hang up
	MaxHeaderBytes    int           // 64 KiB if zero
	MaxBody           int64         // of a request, in bytes; 4 MiB if zero, no limit if negative
	MaxConns          int           // open at a time, one more is reset; a quarter of the process's file descriptors if zero, no limit if negative
	StreamGrace       time.Duration // how long streams go on once the drain has begun; a third of the drain, at most 5 s, if zero; not at all if negative
	MaxTimeout        time.Duration // longest that a caller is believed to wait, who says by Kit-Timeout-Ms; 24 h if zero (there is no more), not heard if negative
	LivePath          string        // answers 200 while the process runs; "/healthz" if empty, not served if "-"
	ReadyPath         string        // answers 200 while it wants traffic, else 503; "/readyz" if empty, not served if "-"
	TLS               *tls.Config   // serves HTTPS and HTTP/2 if not nil
	Logger            log.Logger    // what net/http has to say (broken handshakes, panics); silent if nil
}

// Server is h on l, for transport.Serve. The two health paths are answered
// before h sees them.
//
// No client can hold on to the server by being slow. Whoever sends its header too
// slowly is hung up on; a body that is too slow fails in the handler's Read with
// os.ErrDeadlineExceeded (DecodeJSON answers 408); and the connection of a client
// that does not take its response is closed, at the price of a write error that
// nobody sees. A stream may be silent for as long as it likes. What a handler sets
// by http.ResponseController.SetReadDeadline or SetWriteDeadline goes instead, for
// its request; a far one to have no limit.
//
// While the process leaves, every response says so by the header Kit-Draining,
// which our clients go by, and on HTTP/1 by "Connection: close", so that others
// too take their next call elsewhere of their own accord: an idle connection is
// closed by its client, never under a request that is just being written.
//
// The drain waits for calls as long as it lasts, but for streams, those that were
// flushed or hijacked, only StreamGrace. Then their context ends with the cause
// transport.ErrStopping, and the handler is to return. Just before the drain is
// over the same goes for every other call. A call that was ended so is never taken
// for a complete one: if its response has not begun, it is a 503 whose client may
// come again at once; else it breaks off (on HTTP/2 its stream is reset), which is an
// io.ErrUnexpectedEOF at our clients and at any of HTTP/1, unless the handler has
// announced a Content-Length or a failure. Connections that were hijacked, such as
// WebSockets, and are still open by then are closed.
func Server(l net.Listener, h http.Handler, cfg Config) transport.Server {
	cfg = cfg.filled()
	s := &server{l: l, cfg: cfg, h: h, live: transport.Live(), accepted: make(chan struct{})}
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    cfg.MaxHeaderBytes,
		TLSConfig:         cfg.TLS.Clone(), // net/http writes to it
		ErrorLog:          newErrorLog(cfg.Logger),
		ConnState:         s.unused.note,
	}
	return transport.Server{
		Name:     "http",
		Addr:     l.Addr(),
		Serve:    s.serve,
		Probe:    s.probe,
		SetReady: func(ready bool) { s.leaving.Store(!ready) },
		Calls:    s.begun.Load,
		Shutdown: s.shutdown,
		Close:    s.close,
	}
}

func (cfg Config) filled() Config {
	if cfg.ReadHeaderTimeout == 0 {
		cfg.ReadHeaderTimeout = 5 * time.Second
	}
	if cfg.ReadTimeout == 0 {
		cfg.ReadTimeout = 30 * time.Second
	}
	if cfg.WriteTimeout == 0 {
		cfg.WriteTimeout = 30 * time.Second
	}
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = 2 * time.Minute
	}
	if cfg.MaxHeaderBytes == 0 {
		cfg.MaxHeaderBytes = 64 << 10
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = maxBody
	}
	if cfg.MaxTimeout == 0 {
		cfg.MaxTimeout = maxTimeout
	}
	if cfg.LivePath == "" {
		cfg.LivePath = "/healthz"
	}
	if cfg.ReadyPath == "" {
		cfg.ReadyPath = "/readyz"
	}
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	return cfg
}

type server struct {
	l        net.Listener
	cfg      Config
	h        http.Handler
	live     http.Handler
	http     *http.Server
	ready    atomic.Pointer[transport.Ready] // nil until Serve
	leaving  atomic.Bool                     // callers are to go elsewhere
	stopping atomic.Bool                     // the listener was closed on purpose
	accepted chan struct{}                   // closed when no more connections come
	unused   unused
	begun    atomic.Uint64 // calls so far
	cutoff   cutoff
	hijacked hijacked
}

// ServeHTTP puts the limits and the health paths around the handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.leaving.Load() {
		w.Header()[draining.Header] = []string{draining.Yes}
		if r.ProtoMajor == 1 { // on HTTP/2 it would end the connection at once, for all its calls
			w.Header()["Connection"] = []string{"close"}
		}
	}
	switch r.URL.Path {
	case s.cfg.LivePath:
		s.live.ServeHTTP(w, r)
		return
	case s.cfg.ReadyPath:
		s.ready.Load().ServeHTTP(w, r)
		return
	case LoadPath: // whoever asks for the load makes no call
	default:
		s.begun.Add(1)
	}
	boundTimeout(r.Header, s.cfg.MaxTimeout)
	c := newInflight(s, w, r)
	defer c.end()
	s.h.ServeHTTP(c, c.request(r))
	c.returned()
}
