package kitdebug

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/kitgen/kitgen/transport"
)

// Server serves p on l at /debug/kit and /debug/kit.json, with the profiles and
// whatever else its Config adds, for transport.Serve. Everything on it is guarded
// as the page is. Being asked is no call (transport.Server.Calls), and a profile
// that is being taken holds up no stop.
func Server(l net.Listener, p *Page) transport.Server {
	running, stop := context.WithCancel(context.Background())
	s := &http.Server{
		Handler:           p.guarded(withIndex(p.cfg.mux(http.HandlerFunc(p.serve), http.HandlerFunc(p.profiles)))),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return running },
	}
	return transport.Server{
		Name: "debug",
		Addr: l.Addr(),
		Serve: func(*transport.Ready) error {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		Calls: func() uint64 { return 0 },
		Shutdown: func(ctx context.Context) error {
			stop()
			return s.Shutdown(ctx)
		},
		Close: func() error {
			stop()
			_ = l.Close() // it may never have been served; closing it twice is no harm
			return s.Close()
		},
	}
}

// withIndex leads from / to the page, unless somebody else answers there.
func withIndex(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); r.URL.Path == "/" && pattern == "" {
			http.Redirect(w, r, "/debug/kit", http.StatusFound)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
