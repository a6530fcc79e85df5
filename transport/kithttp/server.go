package kithttp

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/transport"
)

// Config limits what one client can take from a server. The zero value is fit
// for JSON services.
type Config struct {
	ReadHeaderTimeout time.Duration // 5 s if zero, none if negative
	IdleTimeout       time.Duration // 2 min if zero, none if negative; longer than a client's own (90 s here), which must be the one to hang up
	MaxHeaderBytes    int           // 64 KiB if zero
	MaxBody           int64         // of a request, in bytes; 4 MiB if zero, no limit if negative
	MaxTimeout        time.Duration // longest that a caller is believed to wait, who says by Kit-Timeout-Ms; 24 h if zero (there is no more), not heard if negative
	LivePath          string        // answers 200 while the process runs; "/healthz" if empty, not served if "-"
	ReadyPath         string        // answers 200 while it wants traffic, else 503; "/readyz" if empty, not served if "-"
	TLS               *tls.Config   // serves HTTPS and HTTP/2 if not nil
	Logger            log.Logger    // what net/http has to say (broken handshakes, panics); silent if nil
}

// Server is h on l, for transport.Serve. The two health paths are answered
// before h sees them.
//
// While the process leaves, every response says "Connection: close", so that
// clients take their next call elsewhere of their own accord: an idle
// connection is closed by its client, never under a request that is just being
// written. Hijacked connections are not waited for.
func Server(l net.Listener, h http.Handler, cfg Config) transport.Server {
	cfg = cfg.filled()
	s := &server{l: l, cfg: cfg, accepted: make(chan struct{})}
	s.http = &http.Server{
		Handler:           s.handler(h),
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    cfg.MaxHeaderBytes,
		TLSConfig:         cfg.TLS,
		ErrorLog:          newErrorLog(cfg.Logger),
		ConnState:         s.unused.note,
	}
	return transport.Server{
		Name:     "http",
		Addr:     l.Addr(),
		Serve:    s.serve,
		Probe:    s.probe,
		SetReady: func(ready bool) { s.leaving.Store(!ready) },
		Shutdown: s.shutdown,
		Close:    s.close,
	}
}

func (cfg Config) filled() Config {
	if cfg.ReadHeaderTimeout == 0 {
		cfg.ReadHeaderTimeout = 5 * time.Second
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
	http     *http.Server
	ready    atomic.Pointer[transport.Ready] // nil until Serve
	leaving  atomic.Bool                     // callers are to go elsewhere
	stopping atomic.Bool                     // the listener was closed on purpose
	accepted chan struct{}                   // closed when no more connections come
	unused   unused
}

// handler puts the limits and the health paths around h.
func (s *server) handler(h http.Handler) http.Handler {
	live := transport.Live()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		switch r.URL.Path {
		case s.cfg.LivePath:
			live.ServeHTTP(w, r)
		case s.cfg.ReadyPath:
			s.ready.Load().ServeHTTP(w, r)
		default:
			r.Body = limit(w, r.Body, s.cfg.MaxBody)
			boundTimeout(r.Header, s.cfg.MaxTimeout)
			h.ServeHTTP(w, r)
		}
	})
}
