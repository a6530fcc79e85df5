// Package draining is how a server that is about to stop tells its clients, in
// the answers it still gives, and how a client's connection hands that on to
// whoever picks instances. A registry says the same, but later, or is down.
package draining

import (
	"sync"
	"sync/atomic"
)

// What a server that leaves puts into its answers, each with the value Yes. A
// client goes by the name alone.
const (
	Header   = "Kit-Draining" // of HTTP responses
	Metadata = "kit-draining" // of gRPC: in the trailer, and in the header of streams
	Yes      = "true"
)

// Hook is part of the connection to an instance, which it gives the method
// OnDrain that lb.NewPool looks for. The zero Hook is ready, and safe for
// concurrent use.
type Hook struct {
	mu    sync.Mutex // guards appending to fs
	fs    atomic.Pointer[[]func()]
	drain atomic.Bool // Tell was called
}

// OnDrain has f called each time the instance says that it leaves, on whatever
// goroutine got the answer, and at once if it has said so before. f must not
// block for long.
func (h *Hook) OnDrain(f func()) {
	h.mu.Lock()
	var fs []func()
	if old := h.fs.Load(); old != nil {
		fs = append(fs, *old...)
	}
	fs = append(fs, f)
	h.fs.Store(&fs)
	h.mu.Unlock()
	if h.drain.Load() {
		f()
	}
}

// Tell says that the instance said it leaves.
func (h *Hook) Tell() {
	h.drain.Store(true)
	if fs := h.fs.Load(); fs != nil {
		for _, f := range *fs {
			f()
		}
	}
}
