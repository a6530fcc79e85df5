package kithttp

import (
	"context"
	"crypto/tls"
	"errors"
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
	s := &server{l: l, cfg: cfg}
	s.http = &http.Server{
		Handler:           s.handler(h),
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    cfg.MaxHeaderBytes,
		TLSConfig:         cfg.TLS,
		ErrorLog:          newErrorLog(cfg.Logger),
	}
	return transport.Server{
		Name:     "http",
		Addr:     l.Addr(),
		Serve:    s.serve,
		Probe:    s.probe,
		SetReady: func(ready bool) { s.leaving.Store(!ready) },
		Shutdown: s.http.Shutdown,
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
	l       net.Listener
	cfg     Config
	http    *http.Server
	ready   atomic.Pointer[transport.Ready] // nil until Serve
	leaving atomic.Bool
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
			h.ServeHTTP(w, r)
		}
	})
}

func (s *server) serve(ready *transport.Ready) error {
	s.ready.Store(ready)
	serve := s.http.Serve
	if s.cfg.TLS != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	if err := serve(s.l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// close also releases a listener that was never served.
func (s *server) close() error {
	err := s.http.Close()
	if lErr := s.l.Close(); lErr != nil && !errors.Is(lErr, net.ErrClosed) {
		err = errors.Join(err, lErr)
	}
	return err
}

// probe makes one request, on a connection of its own. Any answer will do: a
// listener alone would accept connections without anybody serving them.
func (s *server) probe(ctx context.Context) error {
	t := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, s.l.Addr().Network(), s.l.Addr().String())
	}}
	scheme, path := "http", "/"
	if s.cfg.TLS != nil {
		scheme = "https"
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // it is this very process that answers
	}
	if s.cfg.LivePath != "-" {
		path = s.cfg.LivePath
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://self-probe"+path, nil)
	if err != nil {
		return err
	}
	resp, err := t.RoundTrip(req)
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return nil // it wants to see a client certificate, and so it serves
	}
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
