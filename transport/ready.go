package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// ErrNotReady is what Ready.Check returns while the process starts or stops.
var ErrNotReady = errors.New("not ready")

// Ready says whether this process wants traffic. The zero value does not.
// It is safe for concurrent use, and an http.Handler for a readiness probe:
// 200 while ready, else 503 and the reason.
type Ready struct {
	// Also is asked at every check while the process is ready, for something
	// without which it cannot serve; nothing more if nil. Set it before use.
	// What all replicas share, such as a database, does not belong here: when
	// it fails they all leave at once.
	Also func(ctx context.Context) error

	on atomic.Bool
}

// Set is called by Serve.
func (r *Ready) Set(ready bool) { r.on.Store(ready) }

// Check returns nil while the process wants traffic, and otherwise why not.
func (r *Ready) Check(ctx context.Context) error {
	if !r.on.Load() {
		return ErrNotReady
	}
	if r.Also == nil {
		return nil
	}
	if err := r.Also(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	return nil
}

// ServeHTTP answers a readiness probe.
func (r *Ready) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.Check(req.Context()); err != nil {
		plain(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	plain(w, http.StatusOK, "ready")
}

// Live answers a liveness probe: the process runs, whether it wants traffic or
// not. A process that is draining must not be killed for it.
func Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "live") })
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // the prober went away; there is nobody to tell
}
